import EventLoop

/// Where connections lead: the same scheme, host and port are the same server (RFC 9110 §4.3.1).
package struct Origin: Hashable, Sendable {
  package let scheme: String
  package let authority: String

  package init(scheme: String, authority: String) {
    self.scheme = scheme
    self.authority = authority
  }

  init(_ endpoint: ServiceEndpoint) {
    scheme = endpoint.scheme
    authority = endpoint.authority
  }

  func isOrigin(of endpoint: ServiceEndpoint) -> Bool {
    authority == endpoint.authority && scheme == endpoint.scheme
  }

  package var isSecure: Bool { scheme == "https" }

  /// Without the brackets of an IPv6 address.
  package var host: String {
    if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
    return String(authority.prefix { $0 != ":" })
  }

  /// Nil when it is no port's number.
  package var port: Int? {
    let end = authority.lastIndex(of: "]") ?? authority.startIndex
    guard let colon = authority[end...].lastIndex(of: ":") else { return isSecure ? 443 : 80 }
    guard let port = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(port) else { return nil }
    return port
  }
}

/// The idle connections to one origin, the most recently used last.
@LoopActor final class OriginPool {
  let origin: Origin
  var idle: [DirectConnection] = []
  /// Whether the transport has it among its pools.
  var isListed = false

  init(_ origin: Origin) { self.origin = origin }
}
