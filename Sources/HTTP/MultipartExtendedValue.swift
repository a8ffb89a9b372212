/// An extended parameter value, `charset'language'percent-encoded` (RFC 8187 3.2).
enum MultipartExtendedValue {
  /// - Returns: nil when it is malformed or its charset is neither UTF-8 nor ISO-8859-1.
  static func decode(_ bytes: [UInt8]) -> String? {
    let pieces = bytes.split(separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
    guard pieces.count == 3, let octets = MultipartEscapes.decode(pieces[2]) else { return nil }
    // attr-char: of the token's characters, `*`, `'` and `%` may only stand there encoded.
    guard pieces[2].allSatisfy({ ASCII.isToken($0) && $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "*") }) else {
      return nil
    }
    switch pieces[0].lowercasedASCIIText {
    case "utf-8":
      return String(decoding: octets, as: UTF8.self)
    case "iso-8859-1":
      return String(String.UnicodeScalarView(octets.map { Unicode.Scalar($0) }))
    default:
      return nil
    }
  }
}
