import Foundation
import Testing

@testable import Recognition

/// Files that the tests read. None is part of the package: tests that need an absent one are skipped and say so.
enum Fixtures {
  static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let shared = packageRoot.deletingLastPathComponent().appending(path: "shared")
  static let pngSuite = shared.appending(path: "vectors/png")
  static let photographs = shared.appending(path: "images")

  static let cache: URL = {
    let environment = ProcessInfo.processInfo.environment
    let base = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "/root") + "/.cache"
    return URL(filePath: base).appending(path: "saccade")
  }()
  static let samples = cache.appending(path: "samples")
  static let model = cache.appending(path: "models/efficientnet-lite0/model.xml")

  static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  static func files(in directory: URL) -> [URL] {
    let found = try? FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
    return (found ?? []).sorted { $0.lastPathComponent < $1.lastPathComponent }
  }

  static func bytes(_ url: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }

  /// Resident memory of this process in bytes (VmRSS of proc(5)).
  static func residentByteCount() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }) * 1024
  }
}

/// A seeded generator, so that a failure can be repeated (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// How far two pictures are apart, in steps of 8-bit brightness.
func difference(_ one: [UInt8], _ other: [UInt8]) -> (mean: Double, max: Int) {
  precondition(one.count == other.count)
  var (sum, most) = (0, 0)
  for (first, second) in zip(one, other) {
    let distance = abs(Int(first) - Int(second))
    sum += distance
    most = Swift.max(most, distance)
  }
  return (Double(sum) / Double(one.count), most)
}

extension ImageDecoder {
  func decode(_ file: [UInt8]) throws(DecodeError) -> PixelTensor { try decode(file.span) }
}
