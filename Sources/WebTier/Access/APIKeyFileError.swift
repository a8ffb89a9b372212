/// What is wrong with a file of keys. Says nothing of what the line holds: that may be a key by mistake.
package struct APIKeyFileError: Error, Sendable, Hashable, CustomStringConvertible {
  package let path: String
  /// From 1 on.
  package let line: Int?
  package let reason: String

  package var description: String { "\(path)\(line.map { ", line \($0)" } ?? ""): \(reason)" }
}
