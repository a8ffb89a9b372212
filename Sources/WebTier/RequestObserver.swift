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
    let record = RequestRecord(request, id: ids.id(of: request.head.headers))
    request.id = record.id.description
    return record
  }

  /// The answer as it goes out, errors included: with the request's id.
  func named(_ response: HTTPResponse, _ id: String) -> HTTPResponse {
    var response = response
    response.headers.add("X-Request-Id", id)
    return response
  }

  /// What the server answers by itself has an id, too, and is counted and logged as far as anything is known of it.
  func refused(_ response: HTTPResponse, _ request: HTTPRequest?, _ peer: SocketAddress) -> HTTPResponse {
    guard let request else {
      let id = ids.next()
      metrics.countRefusal(response)
      accessLog?.addRefusal(response, id: id, peer: peer)
      return named(response, id.description)
    }
    // Its handler has been called, and will come to its end.
    if let id = request.id { return named(response, id) }
    let record = begin(request)
    end(record, response)
    return named(response, record.id.description)
  }

  /// No request comes any more.
  func close() { accessLog?.close() }

  /// The answer's bytes have been handed over.
  func end(_ record: RequestRecord, _ response: HTTPResponse) {
    let response = record.request.refusal ?? response
    let total = ContinuousClock.now - record.receivedAt
    metrics.count(record, response, total: total)
    accessLog?.add(record, response, total: total)
  }
}
