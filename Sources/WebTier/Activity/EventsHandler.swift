import EventLoop
import HTTP

/// `GET /v1/events`: what the tier is doing, as server-sent events (HTML, "Server-sent events").
///
/// Every stream gets the same event once a tick, which is its heartbeat too, and writes the next only when its client has
/// taken enough of those before: what is buffered for a client that does not read is at most the server's high-water mark,
/// and is dropped with its connection when that takes nothing for `HTTPLimits.writeStallDuration`. `requestDuration` ends
/// every stream after a quarter of an hour, and a stop ends all at once; clients come again.
@LoopActor
final class EventsHandler {
  private static let headers: HTTPHeaders = [
    "Content-Type": "text/event-stream", "Cache-Control": "no-store",
    // nginx would collect events until a page is full.
    "X-Accel-Buffering": "no",
  ]

  private let activity: Activity
  private let limits: ActivityLimits
  private var streams: [ObjectIdentifier: EventStream] = [:]
  private var isDraining = false

  init(activity: Activity) {
    self.activity = activity
    limits = activity.limits
    activity.streamCount = { [unowned self] in streams.count }
    activity.onTick = { [unowned self] in broadcast() }
  }

  var streamCount: Int { streams.count }

  func handle(_ request: HTTPRequest) -> HTTPResponse {
    var response = HTTPResponse(status: .ok, headers: EventsHandler.headers)
    if request.head.method == .head { return response }
    if isDraining {
      return Problem(
        .serviceUnavailable, code: "not-ready", detail: "shutting down", retryAfter: Problem.retrySeconds
      ).response
    }
    guard streams.count < limits.streamCountMax else {
      return Problem(
        .serviceUnavailable, code: "too-many-streams",
        detail: "There are \(limits.streamCountMax) event streams already.",
        retryAfter: EventsHandler.retrySeconds
      ).response
    }
    let stream = EventStream { [unowned self] in streams[ObjectIdentifier($0)] = nil }
    streams[ObjectIdentifier(stream)] = stream
    activity.noteWatcher()
    stream.offer(Array("retry: \(limits.reconnectDelay.components.seconds * 1000)\n".utf8) + event)
    response.stream = stream
    return response
  }

  /// Streams last for minutes.
  private static let retrySeconds = 30

  private var event: [UInt8] { Array("event: state\ndata: ".utf8) + activity.state.json + Array("\n\n".utf8) }

  private func broadcast() {
    guard !streams.isEmpty else { return }
    let event = event
    for stream in streams.values { stream.offer(event) }
  }

  /// Ends every stream: the process is about to stop, and clients may ask another one.
  func drain() {
    isDraining = true
    for stream in streams.values { stream.end() }
  }
}
