import EventLoop
import HTTP
import Jobs

/// Sees every request come and every answer go: names it, counts it, has it logged.
@LoopActor
final class RequestObserver {
  private let metrics: WebMetrics
  private let accessLog: AccessLog?
  private var ids = RequestIDSource()

  init(metrics: WebMetrics, accessLog: AccessLog?) {
    self.metrics = metrics
    self.accessLog = accessLog
  }

  func begin(_ request: HTTPRequest) -> RequestRecord {
    RequestRecord(request, id: ids.id(of: request.head.headers))
  }

  /// The answer as it goes out, errors included: with the request's id.
  func named(_ response: HTTPResponse, _ record: RequestRecord) -> HTTPResponse {
    var response = response
    response.headers.add("X-Request-Id", record.id.description)
    return response
  }

  /// No request comes any more.
  func close() { accessLog?.close() }

  /// The answer's bytes have been handed over.
  func end(_ record: RequestRecord, _ response: HTTPResponse) {
    let total = ContinuousClock.now - record.receivedAt
    metrics.count(record, response, total: total)
    accessLog?.add(record, response, total: total)
  }
}
