import EventLoop
import HTTP

/// Handlers that several tests share.
enum Handlers {
  /// Answers with what it saw: method, path, query, authority and the body's bytes, one a line.
  static let describe: HTTPHandler = { request, writer in
    do throws(RequestBodyError) {
      let head = request.head
      let body = try await request.body.collect(upTo: 1 << 20)
      let lines = [head.method.rawValue, head.path, head.query ?? "-", head.authority]
      writer.send(HTTPResponse(text: lines.joined(separator: "\n") + "\n" + String(decoding: body, as: UTF8.self)))
    } catch {
      writer.send(Problem(error))
    }
  }

  /// Answers at once and leaves the body where it is.
  static let ignoreBody: HTTPHandler = { _, writer in writer.send(HTTPResponse(text: "ok")) }
}

/// A door on the loop: what waits passes once it is open.
@LoopActor final class Gate {
  private var isOpen = false
  private var waiters: [CheckedContinuation<Void, Never>] = []

  nonisolated init() {}

  func open() {
    isOpen = true
    for waiter in waiters { waiter.resume() }
    waiters = []
  }

  func pass() async {
    if isOpen { return }
    await withCheckedContinuation { waiters.append($0) }
  }
}

/// What happened on the loop, told to a test that waits for it.
final class Events<Event: Sendable>: Sendable {
  private let stream: AsyncStream<Event>
  private let continuation: AsyncStream<Event>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  func report(_ event: Event) { continuation.yield(event) }

  func finish() { continuation.finish() }

  /// The next event that has not been waited for.
  func next() async -> Event? {
    var iterator = stream.makeAsyncIterator()
    return await iterator.next()
  }
}
