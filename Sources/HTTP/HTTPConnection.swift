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
  /// From a head's end on; a connection that rests has none.
  var parser: RequestParser?
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

  /// Serves requests; a connection that has had none yet, or rests, has none.
  private var task: Task<Void, Never>?
  /// How many there have been: one that has been let go knows by it.
  private var taskCount: UInt32 = 0
  private var waiter: UnsafeContinuation<Void, Never>?
  var drainWaiters: [UnsafeContinuation<Bool, Never>] = []

  init(_ stream: TCPStream, _ peerAddress: IPAddress?, in table: ConnectionTable) {
    self.stream = stream
    self.table = table
    self.peerAddress = peerAddress
    bodyPace = BodyPace(table.paceRule)
    scanner = HeadScanner(table.limits)
    deadline = table.now + table.ticks.head
    writeDeadline = table.now + table.ticks.writeStall
    stream.delegate = self
  }

  func start() { stream.startReading() }

  // MARK: The keep-alive loop

  /// A head is complete.
  func serveRequest() {
    guard task == nil else { return wake() }
    taskCount += 1
    task = EventLoop.shared.spawn { [taskCount] in await self.serve(asTask: taskCount) }
  }

  var isResting: Bool { task == nil && parser == nil && phase == .idle }

  /// Lets go of what only requests need, most of all the task, whose frames are larger than everything else: thousands
  /// of connections are idle, and few of them busy.
  func rest() {
    guard phase == .idle, waiter != nil else { return }
    task = nil
    taskCount += 1
    parser = nil
    wake()
  }

  private func serve(asTask number: UInt32) async {
    while let request = await nextRequest(asTask: number) {
      await table.handler(request, ResponseWriter(self, exchange: exchangeCount))
      await responseFinished()
      guard await settleBody() else { break }
      endExchange()
    }
    if number == taskCount { closeGracefully() }
  }

  /// Waits for a head and begins its exchange.
  /// - Returns: `nil` when no further request comes, none that can be handled, or one that is another task's.
  private func nextRequest(asTask number: UInt32) async -> HTTPRequest? {
    // A task begins with a head.
    if completeHead == nil {
      // A client that does not take its answers gets no new ones made.
      while stream.bufferedByteCount > table.limits.writeHighWaterByteCount, phase != .closed { await event() }
      guard phase != .closed, !table.isGraceOver else { return nil }
      beginHead()
      while completeHead == nil {
        guard phase == .idle || phase == .head, number == taskCount else { return nil }
        await event()
      }
      guard number == taskCount else { return nil }
    }
    guard let head = completeHead, phase == .handling else { return nil }
    completeHead = nil
    let request = beginExchange(head)
    if let byteCountMax = table.limits.bodyByteCountMax, (head.contentLength ?? 0) > byteCountMax {
      // Before the body, and without 100 Continue (RFC 9110 §10.1.1): nobody sends it for nothing.
      refuse(Problem(.tooLarge))
      return nil
    }
    return request
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
