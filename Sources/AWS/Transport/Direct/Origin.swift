/// Where connections lead: the same scheme, host and port are the same server (RFC 9110 §4.3.1).
struct Origin: Hashable {
  let scheme: String
  let authority: String

  /// Nil when the request's URL was none.
  init?(_ request: TransportRequest) {
    guard let endpoint = request.endpoint else { return nil }
    scheme = endpoint.scheme
    authority = endpoint.authority
  }

  var isSecure: Bool { scheme == "https" }

  /// Without the brackets of an IPv6 address.
  var host: String {
    if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
    return String(authority.prefix { $0 != ":" })
  }

  /// Nil when it is no port's number.
  var port: Int? {
    let end = authority.lastIndex(of: "]") ?? authority.startIndex
    guard let colon = authority[end...].lastIndex(of: ":") else { return isSecure ? 443 : 80 }
    guard let port = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(port) else { return nil }
    return port
  }
}
