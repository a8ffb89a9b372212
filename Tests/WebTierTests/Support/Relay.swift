import EventLoop
import Testing

/// Stands between the web tier and a real server and does nothing, until it is told to fail.
@LoopActor final class Relay {
  /// What becomes of one connection.
  enum Fault: Sendable {
    /// Says this once a head has come, reads the rest, and ends.
    case answer(String)
    /// RST once so many bytes have come; none of them is passed on.
    case reset(afterByteCount: Int)

    static let slowDown = Fault.answer(
      "HTTP/1.1 503 Slow Down\r\nConnection: close\r\nContent-Length: 48\r\n\r\n"
        + "<Error><Code>SlowDown</Code><Message/></Error>\r\n")
  }

  /// For the connections to come, first one first; those after them are passed on.
  var faults: [Fault] = []
  private(set) var faultCount = 0

  private let server: SocketAddress
  private var listener: TCPListener?
  private var pipes: [Pipe] = []

  init(to server: SocketAddress) throws(UVError) {
    self.server = server
    listener = try TCPListener(host: "127.0.0.1", port: 0) { [unowned self] stream in accept(stream) }
    localAddress = listener?.localAddress ?? server
  }

  private(set) var localAddress = SocketAddress(host: "", port: 0)
  var url: String { "http://\(localAddress)" }

  /// Ends every connection, and refuses those to come.
  func close() {
    listener?.close()
    listener = nil
    endConnections()
  }

  /// Ends every connection, so that the next call needs a new one.
  func endConnections() {
    for pipe in pipes { pipe.end() }
    pipes = []
  }

  /// Connections that are passed on and whose client has not ended them.
  var openCount: Int { pipes.count { $0.isOpen } }

  /// Waits until so many connections are open.
  func isOpen(_ count: Int) async throws {
    for _ in 0..<2000 where openCount != count { try await sleep(for: .milliseconds(5)) }
    if openCount != count { Issue.record("\(openCount) connections are open") }
  }

  /// Waits until no connection is open.
  func isClosed() async throws { try await isOpen(0) }

  private func accept(_ client: TCPStream) {
    if faults.isEmpty {
      let pipe = Pipe(from: client)
      pipes.append(pipe)
      EventLoop.shared.spawn { await pipe.connect(to: self.server) }
    } else {
      faultCount += 1
      pipes.append(Pipe(from: client, fault: faults.removeFirst()))
    }
  }
}

/// Two streams, each of which writes what the other reads.
@LoopActor private final class Pipe: TCPStreamDelegate {
  private static let bufferedByteCountMax = 256 * 1024

  private let client: TCPStream
  private var server: TCPStream?
  private var fault: Relay.Fault?
  private var receivedByteCount = 0
  private var tail: [UInt8] = []

  init(from client: TCPStream, fault: Relay.Fault? = nil) {
    self.client = client
    self.fault = fault
    client.delegate = self
    if fault != nil { client.startReading() }
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

  var isOpen: Bool { client.isOpen }

  func end() {
    client.close()
    server?.close()
  }

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    if fault != nil { return fail(bytes) }
    guard let other = stream === client ? server : client else { return }
    other.write(copying: bytes)
    if other.bufferedByteCount > Pipe.bufferedByteCountMax { stream.stopReading() }
  }

  func streamDidDrain(_ stream: TCPStream) { (stream === client ? server : client)?.startReading() }
  func streamDidReachEnd(_ stream: TCPStream) { end() }
  func stream(_ stream: TCPStream, didFail error: UVError) { end() }

  private func fail(_ bytes: Span<UInt8>) {
    receivedByteCount += bytes.count
    switch fault {
    case .reset(let byteCount) where receivedByteCount >= byteCount: client.reset()
    case .answer(let text):
      bytes.withUnsafeBufferPointer { tail.append(contentsOf: $0) }
      guard tail.firstRange(of: Array("\r\n\r\n".utf8)) != nil else { return }
      fault = .reset(afterByteCount: .max)
      tail = []
      client.write(Array(text.utf8))
      client.shutdownWrite()
    default: break
    }
  }
}
