import EventLoop
import HTTP

/// What those are told who may not, or not now. Made once: those who send too much are answered cheaply.
@LoopActor
enum AccessProblem {
  static let keyMissing = unauthorized(
    Problem(.unauthorized, code: "key-missing", detail: "Present a key: Authorization: Bearer KEY, or X-API-Key: KEY."),
    // RFC 6750 §3: without a key the challenge says no more than how to present one.
    challenge: "Bearer realm=\"saccade\"")

  static let keyUnknown = Problem(
    .forbidden, code: "key-unknown", detail: "The key is not, or no longer, known."
  ).response

  private static let tooMany = Problem(
    .tooManyRequests, code: "too-many-requests", detail: "Slow down; Retry-After says how long."
  ).response

  /// - Parameter wait: Until the next request will be taken.
  static func tooManyRequests(_ wait: Duration) -> HTTPResponse {
    var response = tooMany
    let (seconds, attoseconds) = wait.components
    // RFC 9110 §10.2.3: whole seconds.
    response.headers.add("Retry-After", String(seconds + (attoseconds > 0 ? 1 : 0)))
    return response
  }

  private static func unauthorized(_ problem: Problem, challenge: String) -> HTTPResponse {
    var response = problem.response
    response.headers.add("WWW-Authenticate", challenge)
    return response
  }
}
