import HTTP

/// Which pages' scripts may use the web tier and read its answers (the Fetch standard, "CORS protocol"). Browsers keep to
/// it; it is no protection against anybody else.
struct CrossOriginPolicy {
  /// How long a browser remembers a preflight's answer: Chromium's own bound is two hours.
  private static let maxAgeSeconds = "7200"
  private static let methods = "GET, HEAD, POST"
  /// Those that are ours to read and that browsers ask for.
  private static let requestFields =
    "Accept, Authorization, Content-Type, Idempotency-Key, Inference-Header-Content-Length, Prefer, X-API-Key, X-Request-Id"
  /// Those that scripts see only if told so.
  static let responseFields =
    "Idempotency-Replayed, Inference-Header-Content-Length, Location, Preference-Applied, Retry-After, X-Request-Id"

  private let origins: [(text: String, bytes: [UInt8])]
  private let allowsAny: Bool

  init(_ origins: [String]) {
    self.origins = origins.map { ($0, Array($0.utf8)) }
    allowsAny = origins.contains("*")
  }

  /// The answer to a preflight request, which carries no key and wants no handler.
  /// - Returns: `nil` for any other request, and for a page that is not allowed anything.
  func preflight(_ head: HTTPRequestHead) -> HTTPResponse? {
    guard head.method == .options, head.headers.contains("access-control-request-method"),
      let origin = allowed(head.headers)
    else { return nil }
    return HTTPResponse(
      status: .noContent,
      headers: [
        "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Methods": CrossOriginPolicy.methods,
        "Access-Control-Allow-Headers": CrossOriginPolicy.requestFields,
        "Access-Control-Max-Age": CrossOriginPolicy.maxAgeSeconds, "Vary": "Origin",
      ])
  }

  /// Lets the page read an answer.
  func mark(_ response: inout HTTPResponse, to head: HTTPRequestHead) {
    // What is for everybody says so itself.
    if response.headers.contains("access-control-allow-origin") { return }
    // Also where the origin is missing or not allowed: a cache must not give that answer to a page that is.
    response.headers.add("Vary", "Origin")
    guard let origin = allowed(head.headers) else { return }
    response.headers.add("Access-Control-Allow-Origin", origin)
    response.headers.add("Access-Control-Expose-Headers", CrossOriginPolicy.responseFields)
  }

  /// What `Access-Control-Allow-Origin` says to the request's origin.
  private func allowed(_ headers: HTTPHeaders) -> String? {
    headers.first("origin") { origin -> String? in
      if allowsAny { return "*" }
      return origins.first { isSame($0.bytes, origin) }?.text
    }
  }

  /// Browsers serialise an origin in one way only, in lower case.
  private func isSame(_ allowed: [UInt8], _ origin: Span<UInt8>) -> Bool {
    guard allowed.count == origin.count else { return false }
    for index in allowed.indices where allowed[index] != origin[index] { return false }
    return true
  }
}
