import EventLoop

/// What the writers call. An exchange's number tells a writer of a past request, whose calls do nothing.
extension HTTPConnection {
  /// Up to this a body is copied behind its head and both go in one system call, which costs more than the copy.
  private static let joinedByteCountMax = 32 * 1024

  func beginExchange(_ head: HTTPRequestHead) -> HTTPRequest {
    exchangeCount += 1
    let body = RequestBody(head, connection: self, byteCountMaxDefault: table.limits.bodyByteCountMax)
    let request = HTTPRequest(
      head: head, body: body, remoteAddress: stream.remoteAddress, peerAddress: peerAddress)
    exchange = Exchange(number: exchangeCount, request: request)
    requestDeadline = table.ticks.request.map { table.now + $0 } ?? .max
    return request
  }

  func endExchange() {
    guard let exchange else { return }
    self.exchange = nil
    exchange.body.end(.failure(.disconnected))
  }

  // MARK: Whole responses

  func send(_ response: HTTPResponse, _ number: UInt64) {
    guard isAwaiting(number) else { return }
    beginResponse(response.status, response.headers, contentLength: response.body.count, body: response.body)
    finishResponse()
  }

  /// Answers a request that no handler has, or will, and ends the connection.
  func refuse(_ problem: Problem) { refuse(problem.response) }

  func refuse(_ response: HTTPResponse) {
    let response = seen(response)
    var output: [UInt8] = []
    ResponseEncoder.append(
      to: &output, response.status, headers: response.headers, framing: .length(response.body.count),
      date: table.dateLine, keepAlive: false, minorVersion: 1)
    // RFC 9112 §6.3 would have the client of a HEAD that was refused this early take no body; it sees the close.
    write(output + response.body)
    closeGracefully()
  }

  /// An answer of our own, as whoever observes them wants it.
  private func seen(_ response: HTTPResponse) -> HTTPResponse {
    let request = exchange?.request
    let response = table.refusals?(response, request, stream.remoteAddress) ?? response
    request?.refusal = response
    return response
  }

  // MARK: Responses in pieces

  func begin(_ status: HTTPStatus, headers: HTTPHeaders, contentLength: Int?, _ number: UInt64) {
    guard isAwaiting(number) else { return }
    beginResponse(status, headers, contentLength: contentLength, body: [])
    let isMeasured = exchange?.isBodySuppressed == false
    exchange?.response = .begun(remaining: isMeasured ? contentLength : nil)
  }

  /// - Returns: Whether the writer may go on at once.
  func write(_ bytes: [UInt8], _ number: UInt64) throws(RequestBodyError) -> Bool {
    guard let exchange, exchange.number == number, case .begun(let remaining) = exchange.response else {
      throw .disconnected
    }
    if exchange.isBodySuppressed { return true }
    switch exchange.framing {
    case .chunked: write(ResponseEncoder.chunk(bytes))
    case .untilClose, .none: write(bytes)
    case .length:
      let remaining = remaining ?? 0
      write(bytes.count <= remaining ? bytes : Array(bytes.prefix(remaining)))
      self.exchange?.response = .begun(remaining: max(0, remaining - bytes.count))
    }
    return stream.bufferedByteCount <= table.limits.writeHighWaterByteCount
  }

  /// Waits until the client has taken what is buffered.
  func drained() async throws(RequestBodyError) {
    guard phase == .handling else { throw .disconnected }
    guard await withUnsafeContinuation({ drainWaiters.append($0) }) else { throw .disconnected }
  }

  func finish(_ number: UInt64) {
    guard let exchange, exchange.number == number, case .begun(let remaining) = exchange.response else { return }
    // A client must not take a part for the whole (RFC 9112 §8).
    if let remaining, remaining > 0 { return abort() }
    if exchange.framing == .chunked, !exchange.isBodySuppressed { write(ResponseEncoder.lastChunk) }
    finishResponse()
  }

  // MARK: Dropped writers

  func writerWasDropped(_ number: UInt64) {
    guard isAwaiting(number) else { return }
    let problem = Problem(.internalServerError, code: "no-answer", detail: "The request was not answered.")
    send(seen(problem.response), number)
  }

  func bodyWriterWasDropped(_ number: UInt64) {
    guard let exchange, exchange.number == number, case .begun = exchange.response else { return }
    abort()
  }

  // MARK: Steps

  func write(_ bytes: [UInt8]) { stream.write(bytes) }

  private func isAwaiting(_ number: UInt64) -> Bool {
    guard let exchange else { return false }
    return exchange.number == number && exchange.response == .awaited
  }

  private func beginResponse(_ status: HTTPStatus, _ headers: HTTPHeaders, contentLength: Int?, body: [UInt8]) {
    guard var exchange else { return }
    // Interim responses are the server's, and nothing above 999 fits the status line.
    precondition((200...999).contains(status.rawValue), "not the status of a final response")
    exchange.framing = ResponseEncoder.framing(
      status, headers: headers, contentLength: contentLength, to: exchange.head)
    exchange.isBodySuppressed = exchange.head.method == .head || status.forbidsContent
    exchange.keepsAlive = canKeepAlive(exchange, headers)
    self.exchange = exchange
    let body = exchange.isBodySuppressed ? [] : body
    let isJoined = body.count <= HTTPConnection.joinedByteCountMax
    var output: [UInt8] = []
    output.reserveCapacity(256 + headers.bytes.count + (isJoined ? body.count : 0))
    ResponseEncoder.append(
      to: &output, status, headers: headers, framing: exchange.framing, date: table.dateLine,
      keepAlive: exchange.keepsAlive, minorVersion: exchange.head.minorVersion)
    if isJoined { output.append(contentsOf: body) }
    write(output)
    if !isJoined { write(body) }
  }

  private func canKeepAlive(_ exchange: Exchange, _ headers: HTTPHeaders) -> Bool {
    guard exchange.head.keepAlive, !table.isStopping, !hasPeerFinished || heldByteCount > 0 else { return false }
    if !headers.isEmpty, let connection = headers["connection"],
      connection.split(separator: ",").contains(where: { ASCII.equalsIgnoringCase($0.trimmingBlanks(), "close") })
    {
      return false
    }
    // The end of what is sent until the connection closes is the close; HEAD has no end to tell.
    if exchange.framing == .untilClose, exchange.head.method != .head { return false }
    let body = exchange.body
    if body.isComplete || body.isStreaming { return true }
    guard body.isUnread else { return false }
    // A client that waits for 100 Continue may send the body or not (RFC 9110 §10.1.1): what comes next is not known.
    if exchange.head.hasExpectContinue { return false }
    return (body.contentLength ?? 0) <= table.limits.drainByteCountMax
  }

  private func finishResponse() {
    exchange?.response = .finished
    wake()
  }
}
