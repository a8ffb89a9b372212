import Glibc

/// Standard output for a command that goes on writing until nobody reads any more.
enum StatusOutput {
  struct Closed: Error {}

  /// Writes a line, or several.
  static func write(_ text: String) throws(Closed) {
    var rest = Array((text + "\n").utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Closed() }
      rest = rest.dropFirst(count)
    }
  }
}
