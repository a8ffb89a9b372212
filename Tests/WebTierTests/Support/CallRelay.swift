import EventLoop

/// Stands between the web tier and a real server, understands as much of HTTP as it takes to tell calls apart, and does
/// to each what it is told to.
@LoopActor final class CallRelay {
  struct Call {
    let method: String
    let target: String
    /// Of SQS: what it is asked for.
    let operation: String
    let bodyByteCount: Int
  }

  enum Fate {
    case pass
    /// 503 SlowDown, and the server never hears of it.
    case refuse
    /// RST once so many bytes of the body have been passed on.
    case reset(afterByteCount: Int)
    /// The server gets all of it, and its answer is thrown away with the connection.
    case loseAnswer
    /// The server's answer waits for `passHeldAnswers()`.
    case holdAnswer
    /// One bit of this byte of the body arrives as another.
    case flip(offset: Int)
    /// The server never hears of it: the test makes the body of a 200 from that of the call.
    case answer(@LoopActor ([UInt8]) async throws -> [UInt8])
  }

  /// Asked for every call.
  var decide: (Call) -> Fate = { _ in .pass }
  /// Calls that did not just pass.
  private(set) var faultCount = 0
  private let server: SocketAddress
  private var listener: TCPListener?
  private var pipes: [CallPipe] = []
  private(set) var localAddress = SocketAddress(host: "", port: 0)

  init(to server: SocketAddress) throws(UVError) {
    self.server = server
    listener = try TCPListener(host: "127.0.0.1", port: 0) { [unowned self] stream in
      let pipe = CallPipe(from: stream, of: self)
      pipes.append(pipe)
      EventLoop.shared.spawn { await pipe.connect(to: self.server) }
    }
    localAddress = listener?.localAddress ?? server
  }

  func close() {
    listener?.close()
    listener = nil
    for pipe in pipes { pipe.end() }
    pipes = []
  }

  func passHeldAnswers() {
    for pipe in pipes { pipe.passHeldAnswer() }
  }

  fileprivate func fate(of call: Call) -> Fate {
    let fate = decide(call)
    if case .pass = fate { return fate }
    faultCount += 1
    return fate
  }
}

/// One connection of the web tier's, with one to the server.
@LoopActor private final class CallPipe: TCPStreamDelegate {
  private static let bufferedByteCountMax = 256 * 1024
  private static let slowDown = Array(
    ("HTTP/1.1 503 Slow Down\r\nContent-Length: 48\r\n\r\n"
      + "<Error><Code>SlowDown</Code><Message/></Error>\r\n").utf8)

  private let client: TCPStream
  private var server: TCPStream?
  private unowned let relay: CallRelay
  private var head: [UInt8] = []
  private var fate = CallRelay.Fate.pass
  private var bodyByteCount = 0
  private var passedByteCount = 0
  private var isInBody = false
  private var heldAnswer: [UInt8] = []
  private var answeredBody: [UInt8] = []

  init(from client: TCPStream, of relay: CallRelay) {
    self.client = client
    self.relay = relay
    client.delegate = self
  }

  func connect(to address: SocketAddress) async {
    guard client.isOpen, let server = try? await TCPStream.connect(to: address, timeout: .seconds(10)) else {
      return end()
    }
    guard client.isOpen else { return server.close() }
    self.server = server
    server.delegate = self
    server.startReading()
    client.startReading()
  }

  func end() {
    client.close()
    server?.close()
  }

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    if stream === server { return takeAnswer(bytes) }
    let bytes = bytes.withUnsafeBufferPointer { Array($0) }
    var rest = bytes[...]
    while !rest.isEmpty, client.isOpen { rest = isInBody ? takeBody(rest) : takeHead(rest) }
    if let server, server.bufferedByteCount > CallPipe.bufferedByteCountMax { client.stopReading() }
  }

  private func takeAnswer(_ bytes: Span<UInt8>) {
    if case .loseAnswer = fate { return reset() }
    if case .holdAnswer = fate { return bytes.withUnsafeBufferPointer { heldAnswer += $0 } }
    client.write(copying: bytes)
    if let server, client.bufferedByteCount > CallPipe.bufferedByteCountMax { server.stopReading() }
  }

  func passHeldAnswer() {
    guard !heldAnswer.isEmpty else { return }
    fate = .pass
    client.write(heldAnswer)
    heldAnswer = []
    if let server, !server.isOpen { client.close() }
  }

  private func takeHead(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let before = head.count
    head += bytes
    guard let end = head.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else { return [] }
    head.removeSubrange(end...)
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
    let words = lines[0].split(separator: " ").map(String.init)
    let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
    bodyByteCount = length.flatMap { Int($0.drop { $0 != ":" }.dropFirst().filter { $0 != " " }) } ?? 0
    let operation = lines.first { $0.lowercased().hasPrefix("x-amz-target:") }?.split(separator: ".").last ?? ""
    fate = relay.fate(
      of: .init(method: words[0], target: words[1], operation: String(operation), bodyByteCount: bodyByteCount))
    switch fate {
    case .refuse, .answer: break
    default: server?.write(head)
    }
    head = []
    answeredBody = []
    passedByteCount = 0
    isInBody = true
    let rest = bytes.dropFirst(end - before)
    if bodyByteCount == 0 { _ = takeBody([]) }
    return rest
  }

  private func takeBody(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var body = Array(bytes.prefix(bodyByteCount - passedByteCount))
    switch fate {
    case .flip(let offset) where (passedByteCount..<passedByteCount + body.count).contains(offset):
      body[offset - passedByteCount] ^= 1
      server?.write(body)
    case .reset(let byteCount) where passedByteCount + body.count >= byteCount:
      server?.write(Array(body.prefix(byteCount - passedByteCount)))
      reset()
      return []
    case .refuse: break
    case .answer: answeredBody += body
    default: server?.write(body)
    }
    passedByteCount += body.count
    if passedByteCount == bodyByteCount {
      isInBody = false
      if case .refuse = fate { client.write(CallPipe.slowDown) }
      if case .answer(let make) = fate { answer(make) }
    }
    return bytes.dropFirst(body.count)
  }

  private func answer(_ make: @escaping @LoopActor ([UInt8]) async throws -> [UInt8]) {
    EventLoop.shared.spawn { [self] in
      guard let body = try? await make(answeredBody) else { return reset() }
      client.write(Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
    }
  }

  private func reset() {
    client.reset()
    server?.close()
  }

  func streamDidDrain(_ stream: TCPStream) { (stream === client ? server : client)?.startReading() }
  func streamDidReachEnd(_ stream: TCPStream) {
    if stream === server, case .holdAnswer = fate { stream.close() } else { end() }
  }
  func stream(_ stream: TCPStream, didFail error: UVError) { end() }
}
