import EventLoop

/// A server on the loop that answers the n-th request it gets with the n-th line of its script, however wrong.
@LoopActor final class ScriptedServer {
  enum Reply: Sendable {
    /// These bytes; the connection stays open.
    case bytes(String)
    /// These bytes, then FIN.
    case bytesThenClose(String)
    /// These bytes as soon as the head is there; the body is read and thrown away.
    case atHead(String)
    /// RST when so much of the body has come.
    case resetWithinBody(afterByteCount: Int)
    /// RST as soon as the head is there.
    case resetAtHead
    /// Reads everything, says nothing.
    case silence
    /// Reads nothing beyond the head, says nothing.
    case stall
  }

  struct Request {
    var connection: Int
    var head: String
    var body: [UInt8]
    var requestLine: String { String(head.prefix { $0 != "\r\n" }) }

    func header(_ name: String) -> String? {
      for line in head.split(separator: "\r\n").dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        if parts.count == 2, parts[0].lowercased() == name.lowercased() {
          return String(parts[1].drop { $0 == " " })
        }
      }
      return nil
    }
  }

  private(set) var requests: [Request] = []
  private(set) var connectionCount = 0
  private var script: [Reply]
  private let isSecure: Bool
  private var listener: TCPListener?
  private var connections: [ScriptedConnection] = []
  private var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

  init(_ script: [Reply], tls: TLSContext? = nil) throws {
    self.script = script
    isSecure = tls != nil
    listener = try TCPListener(host: "127.0.0.1", port: 0) { [unowned self] stream in
      if let tls { stream.startTLS(tls) }
      connections.append(ScriptedConnection(stream, number: connectionCount, server: self))
      connectionCount += 1
    }
  }

  var url: String { "\(isSecure ? "https" : "http")://127.0.0.1:\(listener?.localAddress.port ?? 0)" }

  func close() {
    listener?.close()
    listener = nil
    for connection in connections { connection.stream.close() }
    connections = []
  }

  /// Waits until so many heads have come.
  func hasSeen(_ count: Int) async {
    if headCount >= count { return }
    await withCheckedContinuation { waiters.append((count, $0)) }
  }

  private var headCount = 0

  /// What the request whose head has just come will get.
  func nextReply() -> Reply {
    headCount += 1
    for waiter in waiters where waiter.count <= headCount { waiter.continuation.resume() }
    waiters.removeAll { $0.count <= headCount }
    return script.isEmpty ? .bytes("HTTP/1.1 500 Script Over\r\nContent-Length: 0\r\n\r\n") : script.removeFirst()
  }

  func record(_ request: Request) { requests.append(request) }

  nonisolated static func ok(_ body: String = "", headers: String = "") -> Reply {
    .bytes("HTTP/1.1 200 OK\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }

  nonisolated static func error(_ status: Int, _ body: String, headers: String = "") -> Reply {
    .bytes("HTTP/1.1 \(status) No\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }

  nonisolated static let slowDown = error(
    503, "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message><RequestId>R1</RequestId></Error>")
}

@LoopActor private final class ScriptedConnection: TCPStreamDelegate {
  let stream: TCPStream
  private let number: Int
  private unowned let server: ScriptedServer
  private var received: [UInt8] = []
  private var head: String?
  private var reply: ScriptedServer.Reply?

  init(_ stream: TCPStream, number: Int, server: ScriptedServer) {
    self.stream = stream
    self.number = number
    self.server = server
    stream.delegate = self
    stream.startReading()
  }

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { received.append(contentsOf: $0) }
    while act() {}
  }

  func streamDidReachEnd(_ stream: TCPStream) { stream.close() }
  func stream(_ stream: TCPStream, didFail error: UVError) { stream.close() }
  func streamDidDrain(_ stream: TCPStream) {}

  /// True when a request was answered, and another may be there already.
  private func act() -> Bool {
    if head == nil {
      guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return false }
      head = String(decoding: received[..<end.upperBound], as: UTF8.self)
      received.removeSubrange(..<end.upperBound)
      reply = server.nextReply()
    }
    guard let head, let reply else { return false }
    var request = ScriptedServer.Request(connection: number, head: head, body: [])
    switch reply {
    case .resetAtHead:
      server.record(request)
      stream.reset()
      return false
    case .resetWithinBody(let count):
      guard received.count >= count else { return false }
      server.record(request)
      stream.reset()
      return false
    case .stall:
      server.record(request)
      stream.stopReading()
      return false
    case .silence:
      return false
    case .atHead(let text):
      server.record(request)
      self.reply = .silence
      stream.write(Array(text.utf8))
      return false
    case .bytes(let text), .bytesThenClose(let text):
      guard let body = takeBody(request) else { return false }
      request.body = body
      server.record(request)
      self.head = nil
      self.reply = nil
      stream.write(Array(text.utf8))
      if case .bytesThenClose = reply { stream.shutdownWrite() }
      return true
    }
  }

  private func takeBody(_ request: ScriptedServer.Request) -> [UInt8]? {
    if request.header("transfer-encoding")?.lowercased() == "chunked" {
      guard let end = received.firstRange(of: Array("0\r\n\r\n".utf8)) else { return nil }
      defer { received.removeSubrange(..<end.upperBound) }
      return Array(received[..<end.upperBound])
    }
    let count = request.header("content-length").flatMap { Int($0) } ?? 0
    guard received.count >= count else { return nil }
    defer { received.removeFirst(count) }
    return Array(received.prefix(count))
  }
}
