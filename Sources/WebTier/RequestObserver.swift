import EventLoop
import HTTP
import Jobs

/// Sees every request come and every answer go: names it, counts it, has it logged.
@LoopActor
final class RequestObserver {
  private let metrics: WebMetrics
  private var ids = RequestIDSource()

  init(metrics: WebMetrics) { self.metrics = metrics }

  func begin(_ request: HTTPRequest) -> RequestRecord {
    RequestRecord(request, id: ids.id(of: request.head.headers))
  }

  /// The answer as it goes out, errors included: with the request's id.
  func named(_ response: HTTPResponse, _ record: RequestRecord) -> HTTPResponse {
    var response = response
    response.headers.add("X-Request-Id", record.id.description)
    return response
  }

  /// The answer's bytes have been handed over.
  func end(_ record: RequestRecord, _ response: HTTPResponse) {
    metrics.count(record, response, total: ContinuousClock.now - record.receivedAt)
  }
}
