/// A request target taken apart (RFC 9112 §3.2), nothing decoded.
struct RequestTarget {
  let target: String
  let path: String
  let query: String?
  /// Of an absolute-form target only.
  let authority: String?

  init(_ bytes: [UInt8], _ range: Range<Int>, method: HTTPMethod) throws(Problem) {
    let slice = bytes[range]
    // RFC 9110 §4.2.5: a fragment is never sent. llhttp has refused blanks, controls and bytes above 0x7E.
    guard let first = slice.first, !slice.contains(0x23) else {
      throw .malformedHead("The request target is not valid.")
    }
    target = String(decoding: slice, as: UTF8.self)
    if first == 0x2F {
      (path, query) = RequestTarget.split(target[...])
      authority = nil
    } else if target == "*" {
      // RFC 9112 §3.2.4: the asterisk-form is for OPTIONS alone.
      guard method == .options else { throw .malformedHead("Only OPTIONS asks for *.") }
      path = target
      query = nil
      authority = nil
    } else {
      let (authority, rest) = try RequestTarget.absolute(target)
      // RFC 9112 §3.2.1: an empty path is sent as "/".
      (path, query) = RequestTarget.split(rest.first == "/" ? rest : "/" + rest)
      self.authority = authority
    }
  }

  /// RFC 9112 §3.2.2: a server must take the absolute-form, and its authority goes before the Host field.
  private static func absolute(_ target: String) throws(Problem) -> (String, Substring) {
    guard let colon = target.firstIndex(of: ":"), target[colon...].hasPrefix("://"),
      ASCII.equalsIgnoringCase(target[..<colon], "http") || ASCII.equalsIgnoringCase(target[..<colon], "https")
    else { throw .malformedHead("The request target is neither a path nor an http URI.") }
    let rest = target[colon...].dropFirst(3)
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    // RFC 9110 §4.2.1: no empty host; §4.2.4: user information is an attempt to deceive.
    guard isAuthority(Array(authority.utf8).span), authority.first != ":" else {
      throw .malformedHead("The request target's authority is not valid.")
    }
    return (String(authority), rest[authority.endIndex...])
  }

  private static func split(_ reference: Substring) -> (path: String, query: String?) {
    guard let mark = reference.utf8.firstIndex(of: 0x3F) else { return (String(reference), nil) }
    return (String(reference[..<mark]), String(reference[reference.utf8.index(after: mark)...]))
  }

  /// `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2.2), without user information and not empty.
  static func isAuthority(_ bytes: Span<UInt8>) -> Bool {
    var end = bytes.count
    // The port is what follows the last colon, unless that colon belongs to a bracketed address.
    var index = end
    while index > 0, ASCII.isDigit(bytes[index - 1]) { index -= 1 }
    if index > 0, bytes[index - 1] == ASCII.colon { end = index - 1 }
    let host = bytes.extracting(0..<end)
    guard host.count > 0 else { return false }
    if host[0] == 0x5B {
      // "[" IPv6address / IPvFuture "]"
      guard host.count > 3, host[host.count - 1] == 0x5D else { return false }
      for index in 1..<(host.count - 1) where !isLiteral(host[index]) { return false }
      return true
    }
    for index in host.indices where !isRegisteredName(host[index]) { return false }
    return true
  }

  private static func isLiteral(_ byte: UInt8) -> Bool {
    ASCII.hexDigit(byte) != nil || byte == ASCII.colon || byte == 0x2E || byte == 0x76
  }

  /// `reg-name`: unreserved, percent-encoded, sub-delims.
  private static func isRegisteredName(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x2D, 0x2E, 0x5F, 0x7E, ASCII.percent, 0x21, 0x24, 0x26...0x2C, ASCII.semicolon, ASCII.equals: true
    default: ASCII.isDigit(byte) || ASCII.isAlpha(byte)
    }
  }
}
