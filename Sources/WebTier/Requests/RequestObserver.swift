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

  /// Makes the answer as it goes out, errors included: with the request's id.
  func name(_ response: inout HTTPResponse, _ id: String) { response.headers.add("X-Request-Id", id) }

  /// What the server answers by itself has an id, too, and is counted and logged as far as anything is known of it.
  func refused(_ response: HTTPResponse, _ request: HTTPRequest?, _ peer: SocketAddress) -> HTTPResponse {
    var response = response
    if let id = request?.id {
      // Its handler has been called, and will come to its end.
      name(&response, id)
    } else if let request {
      let record = begin(request)
      end(record, response)
      name(&response, record.id.description)
    } else {
      let id = ids.next()
      metrics.countRefusal(response)
      accessLog?.addRefusal(response, id: id, peer: peer)
      name(&response, id.description)
    }
    return response
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
