/// A request's line and header fields, checked (see `RequestHeadRules`).
package struct HTTPRequestHead: Sendable {
  package let method: HTTPMethod
  /// The request target exactly as received (RFC 9112 §3.2).
  package let target: String
  /// The target's path, not decoded, not normalised: everything before `?`. Of an absolute-form target what follows the
  /// authority, `/` if nothing does; `*` for the asterisk-form.
  package let path: String
  /// What follows the first `?`, not decoded; `nil` without one.
  package let query: String?
  package let headers: HTTPHeaders
  /// The host and port asked for: an absolute-form target's own, else the `Host` field (RFC 9112 §3.2.2).
  package let authority: String
  /// The declared length; `nil` when none is. A request with neither this nor `isChunked` has no body (RFC 9112 §6.3).
  package let contentLength: Int?
  package let isChunked: Bool
  /// Whether the client would send another request on this connection (RFC 9112 §9.3).
  package let keepAlive: Bool
  /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
  package let hasExpectContinue: Bool
  /// 0 or 1: the minor version of HTTP/1.
  package let minorVersion: Int

  /// Whether bytes of a body follow.
  var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }
}
