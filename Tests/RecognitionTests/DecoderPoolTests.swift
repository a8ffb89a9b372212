import CVips
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Recognition

@Suite(
  "Decoder processes", .serialized, .enabled(if: Fixtures.exists(Binaries.worker), "saccade-worker is not built"))
struct DecoderPoolTests {
  private static let jpeg = Picture.scene(width: 500, height: 375).jpeg()

  private func pool(_ count: Int = 1, limits: ImageLimits = ImageLimits()) -> DecoderPool {
    DecoderPool(count: count, limits: limits, executable: Binaries.worker.path)
  }

  /// Nil when it is decoded.
  private func error(_ file: [UInt8], in pool: DecoderPool) -> RecognitionError? {
    do {
      let pixels = try pool.decode(file.span, inputSide: 224, resizeSide: 256)
      #expect(pixels.side == 224)
      return nil
    } catch {
      return error
    }
  }

  @Test("what they decode is what this process decodes")
  func same() throws {
    let pool = pool()
    #expect(try pool.waitUntilReady().hasPrefix("seccomp"))
    for (name, bytes) in HostileImageTests.samples {
      for (inputSide, resizeSide) in [(224, 256), (64, 64), (700, 800)] {
        let here = try ImageDecoder(inputSide: inputSide, resizeSide: resizeSide).decode(bytes.span)
        let there = try pool.decode(bytes.span, inputSide: inputSide, resizeSide: resizeSide)
        #expect(here == there, "\(name), \(inputSide)")
      }
    }
    #expect(error([], in: pool) == .undecoded(.empty))
    #expect(error(Array("text, no image".utf8), in: pool) == .undecoded(.unsupportedFormat))
  }

  @Test("a file may be as long as the limit, and no longer; large models get their pixels")
  func sizes() throws {
    var limits = ImageLimits()
    limits.byteCountMax = 5 << 20
    let pool = pool(limits: limits)
    let padding = limits.byteCountMax - Self.jpeg.count
    #expect(error(Self.jpeg + [UInt8](repeating: 0, count: padding), in: pool) == nil)
    #expect(error(Self.jpeg + [UInt8](repeating: 0, count: padding + 1), in: pool)?.code == "image-too-large")
    let pixels = try pool.decode(Self.jpeg.span, inputSide: 1500, resizeSide: 1500)
    #expect(try ImageDecoder(inputSide: 1500, resizeSide: 1500).decode(Self.jpeg.span) == pixels)
    #expect(error(Self.jpeg, in: pool) == nil)
  }

  @Test("they are told the limits")
  func limits() {
    var limits = ImageLimits()
    limits.pixelCountMax = 500 * 375 - 1
    #expect(error(Self.jpeg, in: pool(limits: limits))?.code == "image-too-large")
  }

  @Test("what a decoder must not do is denied it or kills it")
  func selfCheck() throws {
    let (status, output) = try run(["decode", "--self-check"])
    #expect(status == 0, "\(output)")
    #expect(output.split(separator: "\n").count == 12)
    for line in output.split(separator: "\n") {
      #expect(line.hasSuffix(": killed") || line.contains(": denied: "), "\(line)")
    }
    // What libraries try in vain must not kill; the rest must.
    for name in ["socket", "unix-socket", "execute", "fork", "trace", "map-executable", "signal-parent", "io-uring"] {
      #expect(output.contains("\(name): killed\n"), "\(output)")
    }
  }

  @Test("a decoder holds no descriptor but its channel and none of the secrets in the environment")
  func inheritance() throws {
    setenv("AWS_SECRET_ACCESS_KEY", "a-secret", 1)
    defer { unsetenv("AWS_SECRET_ACCESS_KEY") }
    let pool = pool()
    _ = try pool.waitUntilReady()
    let process = try #require(pool.processIdentifiers.first)
    let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
    #expect(Set(descriptors) == ["0", "1", "2", "3"])
    let environment = try Data(contentsOf: URL(filePath: "/proc/\(process)/environ"))
    #expect(!String(decoding: environment, as: UTF8.self).contains("AWS_"))
  }

  @Test("one that is killed while it is idle is replaced, and the image is decoded")
  func killedIdle() throws {
    let pool = pool()
    _ = try pool.waitUntilReady()
    for _ in 0..<3 {
      let process = try #require(pool.processIdentifiers.first)
      kill(process, SIGKILL)
      #expect(error(Self.jpeg, in: pool) == nil)
      #expect(kill(process, 0) == -1 && errno == ESRCH, "it has been waited for")
    }
  }

  @Test(
    "one that is killed in the middle of an image is replaced: the image is tried again after SIGKILL, refused after a crash",
    arguments: [("KILL", nil), ("SEGV", "undecodable-image")] as [(String, String?)])
  func killedBusy(signal: String, code: String?) throws {
    let mark = FileManager.default.temporaryDirectory.appending(path: "killed-\(UUID().uuidString)").path
    // The first has its image when the signal comes; the next is a real one.
    let path = try script(
      #"""
      [ -e \#(mark) ] && exec \#(Binaries.worker.path) "$@"
      : >\#(mark)
      dd bs=64 count=1 <&3 >/dev/null 2>&1
      printf '\000nothing' >&3
      dd bs=24 count=1 <&3 >/dev/null 2>&1
      kill -\#(signal) $$
      exec sleep 1000
      """#)
    defer { for file in [path, mark] { try? FileManager.default.removeItem(atPath: file) } }
    let pool = DecoderPool(count: 1, executable: path)
    #expect(try pool.waitUntilReady() == "nothing")
    let process = try #require(pool.processIdentifiers.first)
    #expect(error(Self.jpeg, in: pool)?.code == code)
    #expect(error(Self.jpeg, in: pool) == nil)
    #expect(try pool.waitUntilReady().hasPrefix("seccomp"))
    #expect(pool.processIdentifiers != [process])
  }

  @Test("an image that takes too long is refused and costs its decoder, not the next image")
  func tooSlow() throws {
    var limits = ImageLimits()
    limits.decodingTimeMax = .seconds(2)
    let pool = pool(limits: limits)
    _ = try pool.waitUntilReady()
    let process = try #require(pool.processIdentifiers.first)
    kill(process, SIGSTOP)
    let refused = error(Self.jpeg, in: pool)
    #expect(refused?.code == "undecodable-image")
    #expect(refused?.message.contains("took more than") == true)
    _ = try pool.waitUntilReady()
    #expect(pool.processIdentifiers != [process])
    #expect(error(Array("text, no image".utf8), in: pool) == .undecoded(.unsupportedFormat))
  }

  @Test("an image that takes too much memory is refused")
  func tooLarge() throws {
    var limits = ImageLimits()
    limits.decoderByteCountMax = 8 << 20
    let pool = pool(limits: limits)
    #expect(error(Self.jpeg, in: pool) == nil)
    let interlaced = try #require(Picture.plain(width: 2500, height: 2000, [1, 2, 3]).file(".png[interlace]"))
    #expect(error(interlaced, in: pool)?.code == "undecodable-image")
    #expect(error(Self.jpeg, in: pool) == nil)
  }

  @Test("two hundred starts leave no descriptor and no process behind")
  func leaks() throws {
    let before = try descriptorCounts()
    for round in 0..<200 {
      let process = try DecoderProcess(executable: Binaries.worker.path, limits: ImageLimits())
      let number = process.processIdentifier
      // Some are killed as they start, some by another hand.
      if round % 3 == 0 { kill(number, SIGKILL) }
      #expect(process.end() == SIGKILL)
      #expect(kill(number, 0) == -1 && errno == ESRCH)
    }
    #expect(try descriptorCounts().filter { $0.value > before[$0.key, default: 0] } == [:])
    #expect(throws: DecoderProcess.StartFailure.self) {
      try DecoderProcess(executable: "/nonexistent", limits: ImageLimits())
    }
    #expect(try descriptorCounts().filter { $0.value > before[$0.key, default: 0] } == [:])
  }

  /// Those of this process by what they are. Of other parts of it some may be closed meanwhile.
  private func descriptorCounts() throws -> [String: Int] {
    let links = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
    }
    // Every socket has a number of its own; memory has the name that it was made with.
    return Dictionary(
      links.filter { $0.hasPrefix("socket:") || $0.hasPrefix("/memfd:saccade-image") }.map { ($0, 1) },
      uniquingKeysWith: +)
  }

  @Test("decoders end with their worker when it is killed")
  func orphans() throws {
    let worker = Process()
    worker.executableURL = Binaries.worker
    worker.arguments = ["classify", "-"]
    let input = Pipe()
    (worker.standardInput, worker.standardOutput, worker.standardError) = (input, Pipe(), Pipe())
    try worker.run()
    defer { worker.terminate() }
    var decoders: [pid_t] = []
    while worker.isRunning, decoders.count < ProcessInfo.processInfo.activeProcessorCount {
      decoders = children(of: worker.processIdentifier)
    }
    #expect(!decoders.isEmpty)
    kill(worker.processIdentifier, SIGKILL)
    worker.waitUntilExit()
    for decoder in decoders {
      // Until the test's own time limit: it must come.
      while kill(decoder, 0) == 0, state(of: decoder) != "Z" { usleep(1000) }
    }
  }

  // MARK: Decoders that are not ours

  /// An executable that speaks with the worker on descriptor 3.
  private func script(_ lines: String) throws -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "decoder-\(UUID().uuidString)").path
    try Data("#!/bin/sh\n\(lines)\n".utf8).write(to: URL(filePath: path))
    chmod(path, 0o700)
    return path
  }

  @Test(
    "whatever a decoder says that has been taken over, the image gets an error",
    arguments: [
      #"printf '\377\377' >&3"#, #"printf '\006\377\376' >&3"#, "head -c 60000 /dev/zero >&3",
      #"printf '\000ready' >&3"#,
      "exec 3>&-; exec sleep 1000", "exec sleep 1000", "exit 0", "kill -SEGV $$",
    ])
  func takenOver(reply: String) throws {
    let path = try script(
      #"""
      dd bs=64 count=1 <&3 >/dev/null 2>&1
      printf '\000nothing' >&3
      dd bs=24 count=1 <&3 >/dev/null 2>&1
      \#(reply)
      exec sleep 1000
      """#)
    defer { try? FileManager.default.removeItem(atPath: path) }
    var limits = ImageLimits()
    limits.decodingTimeMax = .milliseconds(500)
    let pool = DecoderPool(count: 1, limits: limits, executable: path)
    for _ in 0..<2 { #expect(error(Self.jpeg, in: pool)?.code == "undecodable-image") }
  }

  @Test("one that says it has decoded and has not gives wrong pixels and nothing worse")
  func wrongPixels() throws {
    let path = try script(
      #"""
      dd bs=64 count=1 <&3 >/dev/null 2>&1
      printf '\000nothing' >&3
      while dd bs=24 count=1 <&3 2>/dev/null | grep -q .; do printf '\002' >&3; done
      """#)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let pool = DecoderPool(count: 1, executable: path)
    for _ in 0..<3 { #expect(error(Self.jpeg, in: pool) == nil) }
  }

  @Test("one that does not start is nobody's image's fault, and is not tried again and again")
  func startFailure() throws {
    let log = FileManager.default.temporaryDirectory.appending(path: "starts-\(UUID().uuidString)").path
    let path = try script("echo start >>\(log); printf '\\001seccomp: not permitted' >&3")
    defer { for file in [path, log] { try? FileManager.default.removeItem(atPath: file) } }
    let pool = DecoderPool(count: 1, executable: path)
    let first = #expect(throws: RecognitionError.self) { try pool.waitUntilReady() }
    #expect(first?.code == "decoder-unavailable")
    #expect(first?.message.contains("seccomp: not permitted") == true)
    for _ in 0..<500 { #expect(error(Self.jpeg, in: pool)?.code == "decoder-unavailable") }
    let starts = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").count
    #expect(starts < 10)
  }

  // MARK: Processes

  private func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = Binaries.worker
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
  }

  private func children(of parent: pid_t) -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter { processFields("/proc/\($0)").dropFirst().first == "\(parent)" }
  }

  private func state(of process: pid_t) -> String { processFields("/proc/\(process)").first ?? "" }
}
