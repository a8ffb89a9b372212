import Foundation

/// A file of keys for the length of a test.
final class KeyFile: Sendable {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)").path
  init(_ lines: String...) throws { try write(lines) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  func write(_ lines: [String]) throws {
    try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
  }
}
