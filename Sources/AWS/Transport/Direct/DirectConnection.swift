import EventLoop

/// One connection and the request it is busy with. A request's head and body leave together, from where the body lies;
/// its response is collected or goes to a sink. The request ends once, by `finish` or `fail`, with which the connection
/// goes back to its transport.
@LoopActor final class DirectConnection {
  let pool: OriginPool
  /// When its last request ended.
  private(set) var idleSince = Duration.zero
  private var idleTurn: UInt64 = 0

  /// Strong, since a connection that is being opened may outlive it; its `shutdown()` undoes the cycle.
  private let transport: DirectTransport
  private let parser: ResponseParser
  private var stream: TCPStream?
  private var connecting: Task<Void, Never>?

  // The request.
  private var body = TransportRequest.RequestBody.none
  private var timeouts = TransportTimeouts()
  private var ticket: UInt64 = 0
  /// Of the request that it is busy with.
  private var completion: Transport.Completion?
  private var begun = Duration.zero
  /// When bytes last moved, or a source or sink last went on.
  private var progressed = Duration.zero
  private var isReplayable = false

  // What is sent.
  private var head = RequestHead()
  private var sentHeadByteCount = 0
  private var sentBodyByteCount = 0
  private var isSending = false
  private var isPumping = false
  private var sourceIsPaused = false

  // What has come.
  private var status = 0
  private var headers = ResponseHeaders()
  private var collector: ResponseCollector
  private var failure: TransportError?
  /// Bytes that the sink was not ready for.
  private var held: [UInt8] = []
  private var hasWholeResponse = false

  init(_ pool: OriginPool, of transport: DirectTransport) {
    self.pool = pool
    self.transport = transport
    collector = ResponseCollector(limits: transport.limits)
    parser = ResponseParser(headerByteCountMax: transport.limits.responseHeaderByteCountMax)
    parser.delegate = self
  }

  /// Whether it may be used for another request. That the server has ended it is told by the loop, but not in the turn in
  /// which the last response came.
  var isUsable: Bool {
    guard let stream, stream.isOpen else { return false }
    return idleTurn != EventLoop.shared.turnCount || !stream.isReadable
  }

  /// For a connection that is busy with no request, or is given up together with it.
  func close() {
    stream?.close()
    stream = nil
  }

  // MARK: A request's life

  func begin(_ request: TransportRequest, ticket: UInt64, _ completion: @escaping Transport.Completion) {
    body = request.body
    collector.begin(request)
    timeouts = request.timeouts
    self.ticket = ticket
    self.completion = completion
    begun = EventLoop.shared.uptime
    progressed = begun
    status = 0
    // A connection that was kept may be dead without anybody knowing yet.
    isReplayable = stream != nil
    do throws(TransportError) { try head.write(request) } catch { return fail(error) }
    if case .source(let source, _) = body { source.onReadable = { [weak self] in self?.sourceIsReadable() } }
    collector.sink?.onWritable = { [weak self] in self?.sinkIsWritable() }
    start()
  }

  private func start() {
    parser.begin(isHead: collector.isHead)
    sentHeadByteCount = 0
    sentBodyByteCount = 0
    isSending = true
    if let deadline { transport.watch(until: deadline) }
    if stream == nil { open(within: timeouts.connect) } else { pump() }
  }

  private func open(within timeout: Duration) {
    connecting = EventLoop.shared.spawn { [self] in
      let result: Result<TCPStream, TransportError>
      do throws(TransportError) {
        result = .success(try await transport.connector.open(pool.origin, within: timeout))
      } catch {
        result = .failure(error)
      }
      opened(result)
    }
  }

  private func opened(_ result: Result<TCPStream, TransportError>) {
    let isWanted = connecting != nil
    connecting = nil
    switch result {
    case .success(let stream):
      guard isWanted else { return stream.close() }
      self.stream = stream
      stream.delegate = self
      stream.startReading()
      progressed = EventLoop.shared.uptime
      if let deadline { transport.watch(until: deadline) }
      pump()
    case .failure(let error):
      if isWanted { fail(error) }
    }
  }

  /// The connection has ended before the response was whole.
  private func lost(_ reason: String) {
    guard completion != nil else { return transport.lost(self) }
    guard isReplayable, !parser.hasBegun, rewind() else { return fail(.connectionLost(reason)) }
    isReplayable = false
    close()
    start()
  }

  private func rewind() -> Bool {
    guard case .source(let source, _) = body else { return true }
    sourceIsPaused = false
    return source.rewind()
  }

  private func finish() {
    let isReusable = parser.keepsAlive && !isSending && stream?.isOpen ?? false
    let response = TransportResponse(status: status, headers: headers, body: collector.body)
    end(.success(response), isReusable: isReusable)
  }

  /// Ends the request, and the connection with it.
  func fail(_ error: TransportError) { end(.failure(error), isReusable: false) }

  private func end(_ result: Result<TransportResponse, TransportError>, isReusable: Bool) {
    guard let completion else { return }
    if case .source(let source, _) = body { source.onReadable = nil }
    collector.sink?.onWritable = nil
    connecting?.cancel()
    connecting = nil
    self.completion = nil
    body = .none
    collector.reset()
    isSending = false
    sourceIsPaused = false
    headers = ResponseHeaders()
    held = []
    hasWholeResponse = false
    failure = nil
    idleSince = EventLoop.shared.uptime
    idleTurn = EventLoop.shared.turnCount
    transport.ended(self, ticket: ticket, isReusable: isReusable, result, completion)
  }

  // MARK: Time

  /// When the request has taken too long, as far as is known now.
  var deadline: Duration? {
    guard completion != nil else { return nil }
    let end = begun + timeouts.total
    guard let stall = timeouts.stall, stream != nil, !sourceIsPaused, held.isEmpty else { return end }
    return min(end, progressed + stall)
  }

  func timeOut() {
    let isConnected = stream != nil
    fail(.timedOut(isConnected ? "no progress" : "connecting", connected: isConnected))
  }
}

// MARK: - Sending

extension DirectConnection {
  /// Hands the kernel what it takes.
  private func pump() {
    guard !isPumping else { return }
    isPumping = true
    defer { isPumping = false }
    while isSending, let stream, stream.bufferedByteCount == 0, sendNext(stream) {
      progressed = EventLoop.shared.uptime
      if sentHeadByteCount == head.bytes.count, sentBodyByteCount == body.byteCount { isSending = false }
    }
  }

  /// - Returns: Whether something was sent.
  private func sendNext(_ stream: TCPStream) -> Bool {
    switch body {
    case .none: return send(GatheredBytes(), to: stream) > 0
    case .bytes(let bytes):
      return bytes.withUnsafeBytes { bytes in
        var rest = GatheredBytes()
        rest.append(UnsafeRawBufferPointer(rebasing: bytes[sentBodyByteCount...]))
        return send(rest, to: stream) > 0
      }
    case .source(let source, let byteCount):
      guard sentBodyByteCount < byteCount else { return send(GatheredBytes(), to: stream) > 0 }
      var sentByteCount = 0
      let read = source.lend { bytes in
        let headByteCount = head.bytes.count - sentHeadByteCount
        sentByteCount = send(bytes.prefix(byteCount - sentBodyByteCount), to: stream)
        return max(0, sentByteCount - headByteCount)
      }
      switch read {
      case .lent: return sentByteCount > 0
      case .pause:
        sourceIsPaused = true
        // The server may learn meanwhile what is coming.
        return sentHeadByteCount < head.bytes.count && send(GatheredBytes(), to: stream) > 0
      case .end, .abort:
        fail(.sourceAborted)
        return false
      }
    }
  }

  /// Sends what is left of the head, and these bytes of the body behind it.
  /// - Returns: How many bytes of both have been sent.
  private func send(_ body: GatheredBytes, to stream: TCPStream) -> Int {
    let headByteCount = head.bytes.count - sentHeadByteCount
    let sent = head.bytes.withUnsafeBytes { head in
      var all = GatheredBytes()
      all.append(UnsafeRawBufferPointer(rebasing: head[sentHeadByteCount...]))
      for index in 0..<body.count { all.append(body[index]) }
      return stream.writeNow(all)
    }
    sentHeadByteCount += min(sent, headByteCount)
    sentBodyByteCount += max(0, sent - headByteCount)
    return sent
  }

  private func sourceIsReadable() {
    guard sourceIsPaused else { return }
    sourceIsPaused = false
    progressed = EventLoop.shared.uptime
    if let deadline { transport.watch(until: deadline) }
    pump()
  }
}

// MARK: - Receiving

extension DirectConnection: TCPStreamDelegate, ResponseParserDelegate {
  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    // Nobody has asked for anything: whatever it is, the next response would not be the next request's.
    guard completion != nil, !hasWholeResponse else { return completion == nil ? transport.lost(self) : () }
    progressed = EventLoop.shared.uptime
    proceed(parser.parse(bytes), of: bytes.count)
  }

  private func proceed(_ progress: ResponseParser.Progress, of byteCount: Int) {
    switch progress {
    case .partial: break
    case .complete(let end):
      if end < byteCount { close() }
      hasWholeResponse = true
      if held.isEmpty { finish() }
    case .stopped: fail(failure ?? .sinkAborted)
    case .failed(let why): fail(.malformedResponse(why))
    }
  }

  func parser(_ parser: ResponseParser, didParseHead status: Int, _ headers: ResponseHeaders) -> Bool {
    self.status = status
    self.headers = headers
    do throws(TransportError) {
      try collector.begin(status, headers, contentLength: parser.contentLength)
      return true
    } catch {
      failure = error
      return false
    }
  }

  func parser(_ parser: ResponseParser, didParseBody bytes: Span<UInt8>) -> Bool {
    if let sink = collector.openSink { return give(bytes, to: sink) }
    do throws(TransportError) {
      try bytes.withUnsafeBytes { (bytes) throws(TransportError) in try collector.append(bytes) }
      return true
    } catch {
      failure = error
      return false
    }
  }

  private func give(_ bytes: Span<UInt8>, to sink: any ResponseSink) -> Bool {
    switch held.isEmpty ? sink.receive(bytes) : .pause {
    case .taken: return true
    case .pause:
      // The rest of what has been read; no more is.
      bytes.withUnsafeBufferPointer { held.append(contentsOf: $0) }
      stream?.stopReading()
      return true
    case .abort:
      failure = .sinkAborted
      return false
    }
  }

  private func sinkIsWritable() {
    guard !held.isEmpty, let sink = collector.sink else { return }
    progressed = EventLoop.shared.uptime
    let bytes = held
    switch sink.receive(bytes.span) {
    case .pause: return
    case .abort: fail(.sinkAborted)
    case .taken:
      held = []
      if hasWholeResponse {
        // The next request's response is to be read.
        stream?.startReading()
        finish()
      } else {
        if let deadline { transport.watch(until: deadline) }
        stream?.startReading()
      }
    }
  }

  func streamDidDrain(_ stream: TCPStream) { pump() }

  func streamDidReachEnd(_ stream: TCPStream) {
    if completion != nil, case .complete = parser.finish() {
      close()
      return proceed(.complete(byteCount: 0), of: 0)
    }
    lost("the server has closed the connection")
  }

  func stream(_ stream: TCPStream, didFail error: UVError) {
    // What matters has come.
    guard !hasWholeResponse else { return close() }
    lost(error.description)
  }
}
