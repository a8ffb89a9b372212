package import EventLoop

/// A request's body on its way in. Bytes go from the socket's read callback through llhttp to the sink without being
/// gathered or copied; only the end is awaited.
///
/// A body may be read once. One that nobody reads is thrown away if it is short, else the connection closes after the
/// answer.
@LoopActor package final class RequestBody {
  private enum State {
    case unread
    case streaming(UnsafeContinuation<Result<Void, RequestBodyError>, Never>?)
    case ended(Result<Void, RequestBodyError>)
  }

  /// The declared length; `nil` for a chunked body. 0 when there is none.
  package let contentLength: Int?

  private weak var connection: HTTPConnection?
  private let byteCountMaxDefault: Int?
  private var state: State
  private var sink: (any RequestBodySink)?
  private var byteCountMax = Int.max
  /// So far; without the chunks' framing.
  package private(set) var receivedByteCount = 0
  private(set) var isPaused = false

  init(_ head: HTTPRequestHead, connection: HTTPConnection, byteCountMaxDefault: Int?) {
    self.connection = connection
    self.byteCountMaxDefault = byteCountMaxDefault
    contentLength = head.isChunked ? nil : head.contentLength ?? 0
    state = head.hasBody ? .unread : .ended(.success(()))
  }

  /// Delivers the body to `sink` as it arrives and returns at its end. Sends `100 Continue` first when it is asked for.
  /// - Parameter byteCountMax: Goes before `HTTPLimits.bodyByteCountMax`, upwards too for a chunked body; a declared
  ///   length above the server's limit never gets as far as a handler. With neither there is no limit.
  /// - Throws: `.tooLarge` before a byte is read (and without `100 Continue`) when the declared length is over the limit.
  package func stream(
    to sink: any RequestBodySink, upTo byteCountMax: Int? = nil
  ) async throws(RequestBodyError) {
    switch state {
    case .ended(.failure(let error)): throw error
    case .ended(.success):
      precondition(receivedByteCount == 0, "a request body is read once")
      return
    case .streaming: preconditionFailure("a request body is read once")
    case .unread: break
    }
    self.byteCountMax = byteCountMax ?? byteCountMaxDefault ?? .max
    if let contentLength, contentLength > self.byteCountMax { throw .tooLarge }
    self.sink = sink
    state = .streaming(nil)
    connection?.beginBody()
    if case .ended(let result) = state { return try result.get() }
    let result = await withUnsafeContinuation { state = .streaming($0) }
    try result.get()
  }

  /// The whole body in memory.
  /// - Throws: `.tooLarge` as soon as it is known to be longer than `byteCountMax`.
  package func collect(upTo byteCountMax: Int) async throws(RequestBodyError) -> [UInt8] {
    let collector = BodyCollector(reserving: min(contentLength ?? 0, byteCountMax))
    try await stream(to: collector, upTo: byteCountMax)
    return collector.bytes
  }

  /// Stops reading the socket, so that the client's window closes. What has been read already, at most
  /// `HTTPLimits.heldByteCountMax` and one read of 128 KiB, may still come. Meanwhile the client is not held to any rate.
  package func pause() {
    guard !isPaused, !isEnded else { return }
    isPaused = true
    connection?.bodyDidPause()
  }

  package func resume() {
    guard isPaused else { return }
    isPaused = false
    connection?.bodyDidResume()
  }

  // MARK: For the connection

  var isUnread: Bool { if case .unread = state { true } else { false } }
  var isStreaming: Bool { if case .streaming = state { true } else { false } }
  var isEnded: Bool { if case .ended = state { true } else { false } }

  /// Whether it has arrived whole, so that what follows on the connection is the next request.
  var isComplete: Bool { if case .ended(.success) = state { true } else { false } }

  /// Whether bytes that arrive have somewhere to go.
  var isFlowing: Bool { isStreaming && !isPaused }

  func deliver(_ bytes: Span<UInt8>) throws(RequestBodyError) {
    receivedByteCount += bytes.count
    if receivedByteCount > byteCountMax { throw .tooLarge }
    try sink?.receive(bytes)
  }

  func end(_ result: Result<Void, RequestBodyError>) {
    guard !isEnded else { return }
    let before = state
    state = .ended(result)
    sink = nil
    isPaused = false
    if case .streaming(let continuation) = before { continuation?.resume(returning: result) }
  }
}

/// Gathers a body. The connection's limit bounds it.
@LoopActor private final class BodyCollector: RequestBodySink {
  /// A declared length is only a promise: no more than this is set aside before bytes come.
  private static let reserveByteCountMax = 1024 * 1024

  private(set) var bytes: [UInt8] = []

  init(reserving byteCount: Int) { bytes.reserveCapacity(min(byteCount, BodyCollector.reserveByteCountMax)) }

  func receive(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { self.bytes.append(contentsOf: $0) }
  }
}
