import EventLoop

extension HTTPConnection: TCPStreamDelegate {
  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    var rest = bytes
    while phase == .idle || phase == .head, !rest.isEmpty {
      rest = rest.extracting(feedHead(rest)..<rest.count)
      // The handler begins at once, so that the rest of these bytes need not be kept until it does. It may end as soon,
      // and the rest be the next request.
      if phase == .handling, !rest.isEmpty {
        hasBytesInHand = true
        EventLoop.shared.runReadyJobs()
        hasBytesInHand = false
      }
    }
    guard !rest.isEmpty else { return }
    switch phase {
    case .idle, .head, .closed: break
    case .handling: takeBody(rest)
    case .lingering:
      lingeredByteCount += rest.count
      if lingeredByteCount > table.limits.lingerByteCountMax { close() }
    }
  }

  func streamDidReachEnd(_ stream: TCPStream) {
    hasPeerFinished = true
    switch phase {
    case .idle: closeGracefully()
    case .head: refuse(.malformedHead("The connection ended within the request's head."))
    case .handling:
      // What has been held may still be all of the body.
      if heldByteCount == 0, let body = exchange?.body, !body.isUnread { body.end(.failure(.disconnected)) }
      cancelHandler()
    case .lingering: if stream.bufferedByteCount == 0 { close() }
    case .closed: break
    }
  }

  func stream(_ stream: TCPStream, didFail error: UVError) { close() }

  func streamDidDrain(_ stream: TCPStream) {
    resumeDrainWaiters(isOpen: true)
    if phase == .lingering {
      deadline = table.now + table.ticks.linger
      if hasPeerFinished { close() }
    }
    wake()
  }

  // MARK: Heads

  /// Makes ready for the next request, and reads what has been held for it.
  func beginHead() {
    scanner = HeadScanner(table.limits)
    phase = .idle
    // The first request of a connection has been given its deadline when it was accepted.
    if exchangeCount > 0 { deadline = table.now + table.ticks.idle }
    if heldByteCount > 0 {
      let bytes = held
      dropHeld(feedHead(bytes.span.extracting(heldStart..<bytes.count)))
    }
    guard phase == .idle || phase == .head else { return }
    if hasPeerFinished { return streamDidReachEnd(stream) }
    stream.startReading()
  }

  /// - Returns: How many bytes belong to the head.
  private func feedHead(_ bytes: Span<UInt8>) -> Int {
    do throws(Problem) {
      let byteCount = try scanner.scan(bytes)
      if phase == .idle, scanner.hasBegun {
        phase = .head
        deadline = table.now + table.ticks.head
      }
      bytes.extracting(0..<byteCount).withUnsafeBufferPointer { headBytes.append(contentsOf: $0) }
      if scanner.isComplete {
        let head = headBytes
        headBytes = []
        let parser = parser ?? RequestParser(table.limits)
        self.parser = parser
        completeHead = try parser.parseHead(head)
        phase = .handling
        serveRequest()
      }
      return byteCount
    } catch {
      // Whatever follows, its borders are not known: the connection ends here (RFC 9112 §2.2, §11.2).
      headBytes = []
      refuse(error)
      return bytes.count
    }
  }

  // MARK: Bodies

  private func takeBody(_ bytes: Span<UInt8>) {
    guard let body = exchange?.body, body.isFlowing, heldByteCount == 0 else { return hold(bytes) }
    let byteCount = feedBody(bytes, body)
    if byteCount < bytes.count { hold(bytes.extracting(byteCount..<bytes.count)) }
    // The sink may have paused and resumed within the call.
    if !stream.isReading, body.isFlowing { flowBody() }
  }

  /// A reader has come for the body.
  func beginBody() {
    guard let exchange, phase == .handling else { return }
    bodyPace = BodyPace(table.paceRule)
    hasHeldBack = false
    // RFC 9110 §10.1.1: not needed when the body has begun to come, not allowed after the answer has begun.
    if exchange.head.hasExpectContinue, heldByteCount == 0, !hasBytesInHand, exchange.response == .awaited,
      !hasPeerFinished
    {
      write(ResponseEncoder.continueLine)
    }
    flowBody()
  }

  func bodyDidPause() {
    hasHeldBack = true
    stream.stopReading()
  }

  func bodyDidResume() {
    if !isFeeding { flowBody() }
  }

  /// Delivers what has been held, then reads on.
  private func flowBody() {
    guard phase == .handling, let body = exchange?.body else { return }
    while body.isFlowing, heldByteCount > 0 {
      let bytes = held
      dropHeld(feedBody(bytes.span.extracting(heldStart..<bytes.count), body))
    }
    guard body.isFlowing else { return }
    if hasPeerFinished { return body.end(.failure(.disconnected)) }
    stream.startReading()
  }

  /// - Returns: How many bytes belong to the body.
  private func feedBody(_ bytes: Span<UInt8>, _ body: RequestBody) -> Int {
    guard let parser else { return bytes.count }
    isFeeding = true
    defer { isFeeding = false }
    switch parser.parseBody(bytes, into: body) {
    case .partial: return bytes.count
    case .complete(let byteCount):
      body.end(.success(()))
      return byteCount
    case .failed(let error):
      body.end(.failure(error))
      return bytes.count
    }
  }

  // MARK: Bytes whose turn has not come

  var heldByteCount: Int { held.count - heldStart }

  private func hold(_ bytes: Span<UInt8>) {
    guard phase != .lingering, phase != .closed else { return }
    bytes.withUnsafeBufferPointer { held.append(contentsOf: $0) }
    if heldByteCount >= table.limits.heldByteCountMax { stream.stopReading() }
  }

  private func dropHeld(_ byteCount: Int) {
    // Closing has dropped them already.
    guard !held.isEmpty else { return }
    heldStart += byteCount
    if heldStart == held.count {
      // Whoever holds back thousands of bodies would else keep as much for each, empty.
      held = []
      heldStart = 0
    }
  }
}
