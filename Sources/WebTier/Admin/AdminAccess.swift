import EventLoop
import HTTP

/// Who may see and do what `/admin` has.
///
/// With API keys: whoever presents one that its line makes an operator's. Without: only who is on this machine. That the
/// connection comes from the loopback address is not enough for it: a page of any site may have its name point there (DNS
/// rebinding), so the request must ask for a loopback host; and a reverse proxy on this machine makes everybody local, so it
/// must not have been forwarded. Either way a script of another site gets nothing, and cannot have anything done.
@LoopActor
enum AdminAccess {
  static let path = "/admin"

  /// `/admin` and what is below it.
  static func covers(_ path: String) -> Bool {
    guard path.hasPrefix(AdminAccess.path) else { return false }
    return path.utf8.count == AdminAccess.path.utf8.count || path.hasPrefix(AdminAccess.path + "/")
  }

  /// The page itself holds no data.
  static func isPage(_ head: HTTPRequestHead) -> Bool {
    head.path == path && (head.method == .get || head.method == .head)
  }

  // MARK: Who

  /// Where there are no keys.
  /// - Returns: `nil` when it may go on.
  static func refusalWithoutKeys(of request: HTTPRequest) -> HTTPResponse? {
    guard let peer = request.peerAddress, isLoopback(peer) else { return localOnly }
    let head = request.head
    guard isLoopback(authority: head.authority) else { return localOnly }
    return forwardingFields.contains { head.headers.contains($0) } ? localOnly : nil
  }

  /// What proxies add (RFC 7239 §4, RFC 9110 §7.6.3, and the usual ones of before).
  private static let forwardingFields = [
    "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip",
  ]

  private static func isLoopback(_ address: IPAddress) -> Bool {
    loopbacks.contains { $0.contains(address) }
  }

  private static let loopbacks = ["127.0.0.0/8", "::1"].compactMap { Subnet($0) }

  /// A name that is this machine's wherever it is looked up (RFC 6761 §6.3), or an address.
  static func isLoopback(authority: String) -> Bool {
    let host: Substring
    if authority.hasPrefix("[") {
      host = authority.dropFirst().prefix { $0 != "]" }
    } else {
      host = authority.prefix { $0 != ":" }
    }
    return host.lowercased() == "localhost" || (IPAddress(host).map(isLoopback) ?? false)
  }

  // MARK: From where

  /// Of everything but the page, to which other sites may link: what a browser says of the page that sends it.
  /// - Returns: `nil` when it may go on.
  static func refusalOfOrigin(of head: HTTPRequestHead) -> HTTPResponse? {
    // Scripts cannot write it (Fetch Metadata), and it is right behind proxies that change the host, too. Browsers leave it
    // out where the connection can be listened to: to other hosts without TLS.
    if let site = head.headers["sec-fetch-site"] { return site == "same-origin" || site == "none" ? nil : otherSite }
    if let origin = head.headers["origin"] {
      // The scheme may have been taken off by a proxy; the host and port are the browser's own.
      let authority = origin.firstRange(of: "://").map { origin[$0.upperBound...] }
      guard let authority, authority.lowercased() == head.authority.lowercased() else { return otherSite }
    }
    return nil
  }

  // MARK: What they are told

  private static let localOnly = Problem(
    .forbidden, code: "admin-local-only",
    detail: """
      Without API keys only who is on this machine may see this: by a loopback address in the URL, and through no proxy. \
      Start the web tier with --api-keys to reach it from elsewhere.
      """
  ).response

  static let keyIsNoOperators = Problem(
    .forbidden, code: "admin-key-needed",
    detail: "This key may upload. It takes an operator's key: 'saccade key NAME --admin' makes one."
  ).response

  private static let otherSite = Problem(
    .forbidden, code: "admin-other-site", detail: "Pages of other sites may not use this."
  ).response
}
