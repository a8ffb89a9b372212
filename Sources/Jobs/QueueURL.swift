/// The URL of a queue, taken apart strictly: `http[s]://host[:port]/…/name`.
///
/// Two programs that read a URL differently are how a look-alike gets through, so everything that is ever read
/// differently is refused: user names, queries, fragments, escapes, backslashes, dot segments, empty segments,
/// anything but ASCII.
package struct QueueURL: Sendable, Hashable {
  package struct Malformed: Error, Sendable, Hashable {}

  package static let byteCountMax = 1024

  /// `http` or `https`.
  package let scheme: String
  /// In lower case, brackets included if it is an IPv6 address.
  package let host: String
  package let port: Int
  /// The path up to the name: the account, and whatever a proxy puts before it. `/123456789012/`
  package let accountPath: String
  /// The queue's name.
  package let name: String

  package init(_ text: String) throws(Malformed) {
    guard text.utf8.count <= Self.byteCountMax, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw Malformed()
    }
    var rest = text[...]
    guard let schemeEnd = rest.firstRange(of: "://") else { throw Malformed() }
    scheme = rest[..<schemeEnd.lowerBound].lowercased()
    guard scheme == "https" || scheme == "http" else { throw Malformed() }
    rest = rest[schemeEnd.upperBound...]

    guard let pathStart = rest.firstIndex(of: "/") else { throw Malformed() }
    (host, port) = try Self.authority(rest[..<pathStart], defaultPort: scheme == "https" ? 443 : 80)
    rest = rest[pathStart...].dropFirst()

    let segments = rest.split(separator: "/", omittingEmptySubsequences: false)
    for segment in segments {
      guard !segment.isEmpty, segment != ".", segment != "..",
        segment.utf8.allSatisfy({ $0.isQueueNameCharacter || $0 == UInt8(ascii: ".") })
      else { throw Malformed() }
    }
    guard let last = segments.last else { throw Malformed() }
    name = String(last)
    accountPath = "/" + segments.dropLast().map { $0 + "/" }.joined()
  }

  private static func authority(
    _ text: Substring, defaultPort: Int
  ) throws(Malformed) -> (host: String, port: Int) {
    let hostEnd: Substring.Index
    if text.first == "[" {
      guard let bracket = text.firstIndex(of: "]") else { throw Malformed() }
      hostEnd = text.index(after: bracket)
      let address = text[text.index(after: text.startIndex)..<bracket]
      guard !address.isEmpty, address.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
        throw Malformed()
      }
    } else {
      hostEnd = text.firstIndex(of: ":") ?? text.endIndex
      guard hostEnd > text.startIndex,
        text[..<hostEnd].utf8.allSatisfy({ $0.isQueueNameCharacter || $0 == UInt8(ascii: ".") })
      else { throw Malformed() }
    }
    let host = text[..<hostEnd].lowercased()
    let portText = text[hostEnd...]
    guard !portText.isEmpty else { return (host, defaultPort) }
    guard portText.first == ":", (2...6).contains(portText.count), portText.dropFirst().allSatisfy(\.isWholeNumber),
      let port = Int(portText.dropFirst()), (1...65535).contains(port)
    else { throw Malformed() }
    return (host, port)
  }
}
