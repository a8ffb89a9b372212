import EventLoop

/// One client's connection. `serve()` is its life; the stream's callbacks feed it (`+Reading`), writers write through it
/// (`+Responding`) and the table's sweep keeps its deadlines (`+Deadlines`).
///
/// Reading goes on while a request is handled, so that a client that leaves is noticed; what it sends ahead is held, and
/// when too much is held, reading stops.
@LoopActor final class HTTPConnection {
  enum Phase {
    /// Between requests.
    case idle
    /// A request's head has begun.
    case head
    case handling
    /// Everything is said; the client's last bytes are thrown away so that it can read our answer.
    case lingering
    case closed
  }

  let table: ConnectionTable
  let stream: TCPStream
  let parser: RequestParser
  let peerAddress: IPAddress?
  /// Where the table has it.
  var index = 0
  /// Whether it has been let in only to be told that there is no room.
  var isRefused = false
  /// Whom the table counts it for.
  var countedAddress: IPAddress?

  var phase = Phase.idle
  /// The phase's own deadline, in the table's ticks.
  var deadline: Int
  var hasPeerFinished = false

  // Reading.
  var scanner: HeadScanner
  var headBytes: [UInt8] = []
  var completeHead: HTTPRequestHead?
  /// Bytes whose turn has not come, from `heldStart` on.
  var held: [UInt8] = []
  var heldStart = 0
  var isFeeding = false
  /// The handler runs within a read: what follows the head has come, and is given out afterwards.
  var hasBytesInHand = false
  var lingeredByteCount = 0

  // The request that is being handled.
  var exchange: Exchange?
  var exchangeCount: UInt64 = 0

  // Deadlines while handling.
  var requestDeadline = Int.max
  var bodyPace: BodyPace
  /// Whether the body's reader has held the client back since the last sweep.
  var hasHeldBack = false
  var writeDeadline = Int.max
  var writeMark = 0

  private var task: Task<Void, Never>?
  private var waiter: UnsafeContinuation<Void, Never>?
  var drainWaiters: [UnsafeContinuation<Bool, Never>] = []

  init(_ stream: TCPStream, _ peerAddress: IPAddress?, in table: ConnectionTable) {
    self.stream = stream
    self.table = table
    parser = RequestParser(table.limits)
    self.peerAddress = peerAddress
    bodyPace = BodyPace(table.paceRule)
    scanner = HeadScanner(table.limits)
    deadline = table.now + table.ticks.head
    writeDeadline = table.now + table.ticks.writeStall
    stream.delegate = self
  }

  func start() {
    stream.startReading()
    task = EventLoop.shared.spawn { await self.serve() }
  }

  // MARK: The keep-alive loop

  private func serve() async {
    while let request = await nextRequest() {
      await table.handler(request, ResponseWriter(self, exchange: exchangeCount))
      await responseFinished()
      guard await settleBody() else { break }
      endExchange()
    }
    closeGracefully()
  }

  /// Waits for a head and begins its exchange.
  /// - Returns: `nil` when no further request comes, or none that can be handled.
  private func nextRequest() async -> HTTPRequest? {
    // A client that does not take its answers gets no new ones made.
    while stream.bufferedByteCount > table.limits.writeHighWaterByteCount, phase != .closed { await event() }
    guard phase != .closed, !table.isGraceOver else { return nil }
    beginHead()
    while completeHead == nil {
      guard phase == .idle || phase == .head else { return nil }
      await event()
    }
    guard let head = completeHead, phase == .handling else { return nil }
    completeHead = nil
    if let byteCountMax = table.limits.bodyByteCountMax, (head.contentLength ?? 0) > byteCountMax {
      // Before the body, and without 100 Continue (RFC 9110 §10.1.1): nobody sends it for nothing.
      refuse(Problem(.tooLarge))
      return nil
    }
    return beginExchange(head)
  }

  /// Usually at once: most handlers answer before they return. A writer may have been kept, though.
  private func responseFinished() async {
    while let exchange, exchange.response != .finished, phase == .handling { await event() }
  }

  /// Reads a short rest of the body, so that the next request can follow.
  /// - Returns: Whether it can.
  private func settleBody() async -> Bool {
    guard phase == .handling, let exchange, exchange.keepsAlive else { return false }
    let body = exchange.body
    // Nobody is left to pause it.
    body.resume()
    if body.isUnread { try? await body.stream(to: Discard(), upTo: table.limits.drainByteCountMax) }
    return body.isComplete && phase == .handling
  }

  // MARK: Waiting and ending

  /// Waits until anything has happened; the caller looks what.
  private func event() async {
    // Unsafe, because this is the one allocation-free wait of every request; `wake` resumes it once.
    await withUnsafeContinuation { waiter = $0 }
  }

  func wake() {
    guard let waiter else { return }
    self.waiter = nil
    waiter.resume()
  }

  func cancelHandler() { task?.cancel() }

  /// Ends our side and lets the client read it: closing with its bytes unread would send RST, which can destroy an answer
  /// on its way (RFC 9112 §9.6).
  func closeGracefully() {
    guard phase != .closed, phase != .lingering else { return }
    endExchange()
    phase = .lingering
    deadline = table.now + table.ticks.linger
    held = []
    heldStart = 0
    stream.shutdownWrite()
    if !hasPeerFinished {
      stream.startReading()
    } else if stream.bufferedByteCount == 0 {
      close()
    }
    wake()
  }

  /// For the server's stop. A connection between requests has nothing to finish.
  func closeIfIdle() {
    guard phase == .idle else { return }
    if stream.bufferedByteCount == 0 { close() } else { closeGracefully() }
  }

  /// Ends it so that the client sees an error.
  func abort() {
    stream.reset()
    close()
  }

  func close() {
    guard phase != .closed else { return }
    phase = .closed
    stream.close()
    endExchange()
    resumeDrainWaiters(isOpen: false)
    task?.cancel()
    task = nil
    wake()
    table.remove(self)
  }

  func resumeDrainWaiters(isOpen: Bool) {
    let waiters = drainWaiters
    drainWaiters = []
    for waiter in waiters { waiter.resume(returning: isOpen) }
  }
}

/// Takes a body nobody wants.
@LoopActor private final class Discard: RequestBodySink {
  func receive(_ bytes: Span<UInt8>) {}
}
