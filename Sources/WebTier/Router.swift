import EventLoop
import HTTP

/// Which request goes where.
@LoopActor
final class Router {
  private let classify: ClassifyHandler
  private let results: ResultsHandler
  private let readiness: Readiness
  private let metrics: GroupMetrics
  private let inference: InferenceHandler
  private let events: EventsHandler
  private let admin: AdminHandler
  private let files = StaticFiles()

  init(
    classify: ClassifyHandler, results: ResultsHandler, readiness: Readiness, metrics: GroupMetrics,
    inference: InferenceHandler, events: EventsHandler, admin: AdminHandler
  ) {
    self.classify = classify
    self.results = results
    self.readiness = readiness
    self.metrics = metrics
    self.inference = inference
    self.events = events
    self.admin = admin
  }

  @inline(__always)
  func respond(to request: HTTPRequest, record: RequestRecord) async -> HTTPResponse {
    let path = request.head.path
    switch path {
    case "/":
      if let refusal = refusal(of: request, unless: Router.getAndPost) { return refusal }
      guard request.head.method == .post else { return root(request) }
      return await classify.handle(
        request, answering: AnswerFormat(accept: request.head.headers["accept"]), record: record)
    case "/v1/images":
      if let refusal = refusal(of: request, unless: Router.post) { return refusal }
      return await classify.handle(request, answering: .json, record: record)
    case "/healthz":
      return refusal(of: request, unless: Router.get) ?? HTTPResponse(text: "ok\n")
    case "/readyz":
      if let refusal = refusal(of: request, unless: Router.get) { return refusal }
      guard let failure = await readiness.failure() else { return HTTPResponse(text: "ready\n") }
      return Problem(
        .serviceUnavailable, code: "not-ready", detail: failure, retryAfter: Problem.retrySeconds
      ).response
    case "/metrics":
      if let refusal = refusal(of: request, unless: Router.get) { return refusal }
      return await metrics.response()
    case StaticFiles.openAPIPath:
      return refusal(of: request, unless: Router.get) ?? files.page("openapi.json", to: request)
    case "/v1/events":
      return refusal(of: request, unless: Router.get) ?? events.handle(request)
    case _ where path.hasPrefix(ResultsHandler.path):
      if let refusal = refusal(of: request, unless: Router.get) { return refusal }
      return await results.handle(request.head)
    default:
      if let path = InferencePath(path) {
        if let refusal = refusal(of: request, unless: path.isInference ? Router.post : Router.get) { return refusal }
        return await inference.handle(request, at: path, record: record)
      }
      if AdminAccess.covers(path) { return await administer(request) }
      guard path.hasPrefix(StaticFiles.path) else { return nothing(at: path) }
      if let refusal = refusal(of: request, unless: Router.get) { return refusal }
      return files.asset(at: path, to: request) ?? nothing(at: path)
    }
  }

  private func administer(_ request: HTTPRequest) async -> HTTPResponse {
    let isRedrive = request.head.path == "/admin/redrive"
    if let refusal = refusal(of: request, unless: isRedrive ? Router.getAndPost : Router.get) { return refusal }
    switch request.head.path {
    case "/admin": return files.page("admin.html", to: request)
    case "/admin/state": return await admin.state(request.head)
    case "/admin/dead-letters": return await admin.listDeadLetters()
    case "/admin/redrive":
      return request.head.method == .post ? await admin.redrive(request) : await admin.redriveState()
    default: return nothing(at: request.head.path)
    }
  }

  /// Browsers get the page, others how to use curl.
  private func root(_ request: HTTPRequest) -> HTTPResponse {
    if let accept = request.head.headers["accept"], accept.lowercased().contains("text/html") {
      return files.page("index.html", to: request)
    }
    var response = HTTPResponse(text: Router.usage)
    response.headers.add("Vary", "Accept")
    return response
  }

  private func nothing(at path: String) -> HTTPResponse {
    Problem(.notFound, code: "no-such-route", detail: "There is nothing at \(path).").response
  }

  // Who answers GET answers HEAD (RFC 9110 §9.1).
  private static let get: [HTTPMethod] = [.get, .head]
  private static let post: [HTTPMethod] = [.post]
  private static let getAndPost: [HTTPMethod] = [.get, .post, .head]

  /// RFC 9110 §15.5.6: a method that a resource does not have is answered with those that it has.
  private func refusal(of request: HTTPRequest, unless allowed: [HTTPMethod]) -> HTTPResponse? {
    let method = request.head.method
    if allowed.contains(method) { return nil }
    if method == .options {
      let allow = (allowed + [.options]).map(\.rawValue).joined(separator: ", ")
      return HTTPResponse(status: .noContent, headers: ["Allow": allow])
    }
    return Problem(
      .methodNotAllowed, code: "method-not-allowed", detail: "\(method) is not possible here.", allow: allowed
    ).response
  }

  private static let usage = """
    Saccade says what is in an image.

      curl -F image=@photo.jpg http://HOST:PORT/            the label
      curl -F image=@photo.jpg http://HOST:PORT/v1/images   the five likeliest labels, as JSON

    """
}
