import EventLoop
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Recognition

/// Thousands of damaged images through confined decoders: each gets pixels or an error of a known code, no process is lost
/// and memory stays where it was.
@Suite("Damaged images", .enabled(if: Fixtures.exists(Binaries.worker), "saccade-worker is not built"))
struct DamagedImageTests {
  private static let seed: UInt64 = 20_261_126

  /// The files of `HostileImageTests`, each damaged in `count` ways, in an order without rule.
  private static func corpus(_ count: Int) -> [(name: String, bytes: [UInt8])] {
    var generator = SplitMix64(seed: seed)
    var corpus: [(name: String, bytes: [UInt8])] = []
    for (name, bytes) in HostileImageTests.samples {
      for round in 0..<count {
        let (kind, damaged) = damage(bytes, round, &generator)
        corpus.append(("\(name), \(kind) \(round)", damaged))
      }
    }
    corpus.shuffle(using: &generator)
    return corpus
  }

  private static func damage(
    _ bytes: [UInt8], _ round: Int, _ generator: inout SplitMix64
  ) -> (kind: String, bytes: [UInt8]) {
    var damaged = bytes
    let header = min(200, bytes.count)
    switch round % 5 {
    case 0:
      return ("cut", Array(bytes[..<Int.random(in: 0..<bytes.count, using: &generator)]))
    case 1:
      for _ in 0..<Int.random(in: 1...12, using: &generator) {
        damaged[Int.random(in: damaged.indices, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      return ("flipped bits", damaged)
    case 2:
      // Sizes, counts and offsets are words of two or four bytes.
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let place = Int.random(in: 4..<header - 4, using: &generator)
        let lie: [UInt8] =
          [[0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0, 0], [0x80, 0], [0xFF, 0xFF, 0xFF, 0xFF]]
          .randomElement(using: &generator) ?? []
        damaged.replaceSubrange(place..<place + lie.count, with: lie)
      }
      return ("lie in the header", damaged)
    case 3:
      let start = Int.random(in: 0..<bytes.count, using: &generator)
      let end = min(bytes.count, start + Int.random(in: 1...400, using: &generator))
      if Bool.random(using: &generator) {
        damaged.removeSubrange(start..<end)
      } else {
        damaged.insert(contentsOf: bytes[start..<end], at: Int.random(in: bytes.indices, using: &generator))
      }
      return ("piece lost or doubled", damaged)
    default:
      let start = Int.random(in: 0..<bytes.count, using: &generator)
      for place in start..<min(bytes.count, start + 64) { damaged[place] = .random(in: 0...255, using: &generator) }
      return ("noise", damaged)
    }
  }

  private static let codes: Set = ["empty-file", "unsupported-format", "image-too-large", "undecodable-image"]

  @Test("each gets its answer, as from a decoder in this process; none costs a process or memory")
  func corpus() throws {
    let corpus = Self.corpus(250)
    #expect(corpus.count >= 2000)
    let pool = DecoderPool(count: 2, executable: Binaries.worker.path)
    _ = try pool.waitUntilReady()
    let processes = Set(pool.processIdentifiers)
    let here = ImageDecoder()
    let (decodedCount, refusedCount) = (Counter(), Counter())
    func decode(_ range: Range<Int>) {
      let next = Counter(range.lowerBound)
      onThreads(2) { _ in
        while true {
          let index = next.increment()
          guard index < range.upperBound else { return }
          let (name, bytes) = corpus[index]
          var (code, codeHere): (String?, String?)
          do throws(RecognitionError) {
            _ = try pool.decode(bytes.span, inputSide: 224, resizeSide: 256)
          } catch {
            code = error.code
            #expect(Self.codes.contains(error.code), "\(name): \(error)")
            #expect(!error.message.contains("crashed"), "\(name), seed \(Self.seed): \(error.message)")
          }
          do throws(DecodeError) { _ = try here.decode(bytes.span) } catch { codeHere = error.code }
          #expect(code == codeHere, "\(name), seed \(Self.seed)")
          _ = (code == nil ? decodedCount : refusedCount).increment()
        }
      }
    }
    decode(0..<corpus.count / 2)
    let before = processes.map(memory)
    let ownBefore = residentByteCount()
    decode(corpus.count / 2..<corpus.count)
    #expect(Set(pool.processIdentifiers) == processes)
    for (process, before) in zip(processes, before) {
      #expect(memory(of: process) - before < 64 << 20)
    }
    #expect(residentByteCount() - ownBefore < 64 << 20)
    #expect(decodedCount.value > 100)
    #expect(refusedCount.value > 1000)
  }

  private func memory(of process: pid_t) -> Int {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }
}

private final class Counter: Sendable {
  private let count: Atomic<Int>

  init(_ start: Int = 0) { count = Atomic(start) }

  var value: Int { count.load(ordering: .relaxed) }

  /// The value before.
  func increment() -> Int { count.add(1, ordering: .relaxed).oldValue }
}
