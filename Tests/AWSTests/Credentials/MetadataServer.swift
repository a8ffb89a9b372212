import EventLoop

/// A loopback HTTP server that answers as a test says, one request a connection, and remembers what it was asked.
@LoopActor final class MetadataServer {
  struct Request: Sendable {
    var method: String
    var path: String
    /// By lower-case name.
    var headers: [String: String]
    var body = ""

    var line: String { method + " " + path }
  }

  enum Reply: Sendable {
    case status(Int, String)
    /// The connection is reset instead of an answer.
    case reset

    static func ok(_ body: String) -> Reply { .status(200, body) }
  }

  typealias Handler = @LoopActor (Request) async -> Reply

  private(set) var requests: [Request] = []
  private var listener: TCPListener?
  private var connections: [ObjectIdentifier: Connection] = [:]
  private let handler: Handler

  var lines: [String] { requests.map(\.line) }
  var url: String { "http://127.0.0.1:\(listener?.localAddress.port ?? 0)" }

  init(_ handler: @escaping Handler) throws {
    self.handler = handler
    listener = try TCPListener(host: "127.0.0.1", port: 0) { [weak self] stream in
      guard let self else { return stream.close() }
      let connection = Connection(stream) { [weak self] request in
        guard let self else { return .reset }
        requests.append(request)
        return await self.handler(request)
      }
      connections[ObjectIdentifier(connection)] = connection
    }
  }

  func close() {
    listener?.close()
    for connection in connections.values { connection.stream.close() }
    connections = [:]
  }

  private final class Connection: TCPStreamDelegate {
    let stream: TCPStream
    private let answer: Handler
    private var received: [UInt8] = []

    init(_ stream: TCPStream, answer: @escaping Handler) {
      self.stream = stream
      self.answer = answer
      stream.delegate = self
      stream.startReading()
    }

    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
      for index in bytes.indices { received.append(bytes[index]) }
      guard let headEnd = received.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else { return }
      var lines = String(decoding: received[..<headEnd], as: UTF8.self).split(separator: "\r\n").map(String.init)
      let words = lines.removeFirst().split(separator: " ")
      var headers: [String: String] = [:]
      for line in lines {
        let parts = line.split(separator: ":", maxSplits: 1)
        headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
      }
      guard received.count - headEnd >= headers["content-length"].flatMap({ Int($0) }) ?? 0 else { return }
      let request = Request(
        method: String(words[0]), path: String(words[1]), headers: headers,
        body: String(decoding: received[headEnd...], as: UTF8.self))
      received = []
      EventLoop.shared.spawn { await self.reply(to: request) }
    }

    private func reply(to request: Request) async {
      switch await answer(request) {
      case .reset: stream.reset()
      case .status(let status, let body):
        stream.write(
          Array("HTTP/1.1 \(status) x\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)".utf8))
        stream.shutdownWrite()
      }
    }

    func streamDidReachEnd(_ stream: TCPStream) { stream.close() }
    func stream(_ stream: TCPStream, didFail error: UVError) { stream.close() }
    func streamDidDrain(_ stream: TCPStream) {}
  }
}
