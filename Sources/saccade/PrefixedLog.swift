/// Prints the lines of several processes, each behind the name of the one it came from.
struct PrefixedLog: Sendable {
  /// As wide as the longest usual name, `worker 10`.
  private static let nameWidth = 9

  func line(_ text: String, from name: String) {
    let padding = String(repeating: " ", count: max(0, PrefixedLog.nameWidth - name.count))
    announce("\(name)\(padding) | \(text)")
  }

  func plain(_ text: String) { announce(text) }
}
