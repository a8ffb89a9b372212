import EventLoop
import Glibc
import TestSupport
import Testing

@Suite struct TCPTests {
  @Test("what is written arrives, in order, and FIN after it")
  func echo() async throws {
    try await onLoop {
      let server = try EchoServer()
      let client = try await TCPStream.connect(to: server.listener.localAddress, timeout: .seconds(5))
      let reader = Reader(client)
      let sent = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      client.write(Array(sent[..<1000]))
      client.write(Array(sent[1000...]))
      client.shutdownWrite()
      await reader.end()
      #expect(reader.bytes == sent)
      client.close()
      server.close()
    }
  }

  @Test("a reader that has stopped makes the writer's buffer grow, and drains it when it starts again")
  func backPressure() async throws {
    try await onLoop {
      let accepted = Counter()
      let listener = try TCPListener(host: "127.0.0.1", port: 0) { accepted.keep = $0 }
      let client = try await TCPStream.connect(to: listener.localAddress, timeout: .seconds(5))
      let watcher = Reader(client)
      while accepted.keep == nil { try await sleep(for: .milliseconds(1)) }
      let server = accepted.keep as! TCPStream
      client.write([UInt8](repeating: 1, count: 32_000_000))
      try await sleep(for: .milliseconds(20))
      #expect(client.bufferedByteCount > 1_000_000)
      #expect(watcher.drains == 0)
      let reader = Reader(server)
      await watcher.drained()
      #expect(client.bufferedByteCount == 0)
      client.shutdownWrite()
      await reader.end()
      #expect(reader.bytes.count == 32_000_000)
      client.close()
      server.close()
      listener.close()
    }
  }

  @Test("a reset is reported as an error, and an abandoned write too")
  func reset() async throws {
    try await onLoop {
      let accepted = Counter()
      let listener = try TCPListener(host: "127.0.0.1", port: 0) { accepted.keep = $0 }
      let client = try await TCPStream.connect(to: listener.localAddress, timeout: .seconds(5))
      let reader = Reader(client)
      while accepted.keep == nil { try await sleep(for: .milliseconds(1)) }
      (accepted.keep as! TCPStream).reset()
      await reader.end()
      #expect(reader.error == .connectionReset)
      client.write([1, 2, 3])
      client.close()
      listener.close()
    }
  }

  @Test("nothing is called after close")
  func closed() async throws {
    try await onLoop {
      let server = try EchoServer()
      let client = try await TCPStream.connect(to: server.listener.localAddress, timeout: .seconds(5))
      let reader = Reader(client)
      client.write([1, 2, 3])
      client.close()
      try await sleep(for: .milliseconds(10))
      #expect(reader.bytes.isEmpty && !reader.hasEnded)
      server.close()
    }
  }

  @Test("connecting ends at its timeout and on cancellation")
  func connectTimeout() async throws {
    try await onLoop {
      // Nobody accepts, so once the backlog is full the kernel drops further SYNs and a connect can only wait.
      let (descriptor, address) = try silentListener()
      var held: [TCPStream] = []
      var failure: UVError?
      for _ in 0..<16 where failure == nil {
        do throws(UVError) {
          held.append(try await TCPStream.connect(to: address, timeout: .milliseconds(100)))
        } catch {
          failure = error
        }
      }
      #expect(failure == .timedOut)
      let cancelled = EventLoop.shared.start { try await TCPStream.connect(to: address, timeout: .seconds(60)) }
      try await sleep(for: .milliseconds(1))
      cancelled.cancel()
      await #expect(throws: UVError.cancelled) { try await cancelled.value }
      for stream in held { stream.close() }
      close(descriptor)
    }
  }

  @Test("two listeners share a port when asked to, and only then")
  func reusePort() async throws {
    try await onLoop {
      let first = try TCPListener(host: "127.0.0.1", port: 0, reusePort: true) { $0.close() }
      let port = first.localAddress.port
      let second = try TCPListener(host: "127.0.0.1", port: port, reusePort: true) { $0.close() }
      let error = #expect(throws: UVError.self) { try TCPListener(host: "127.0.0.1", port: port) { $0.close() } }
      #expect(error?.name == "EADDRINUSE")
      first.close()
      second.close()
    }
  }

  @Test("IPv6 works, and names and ports out of range are refused", arguments: ["example.org", "1.2.3", ""])
  func addresses(badHost: String) async throws {
    try await onLoop {
      #expect(throws: UVError.invalidArgument) { try TCPListener(host: badHost, port: 0) { _ in } }
      #expect(throws: UVError.invalidArgument) { try TCPListener(host: "127.0.0.1", port: 65_536) { _ in } }
      if let listener = try? TCPListener(host: "::1", port: 0, accept: { $0.close() }) {
        #expect(listener.localAddress.description == "[::1]:\(listener.localAddress.port)")
        listener.close()
      }
    }
  }
}

/// Sends back what it reads, and FIN for FIN.
@LoopActor
private final class EchoServer: TCPStreamDelegate {
  private(set) var listener: TCPListener!
  private var streams: [TCPStream] = []

  init() throws {
    listener = try TCPListener(host: "127.0.0.1", port: 0) { [unowned self] stream in
      stream.delegate = self
      streams.append(stream)
      stream.startReading()
    }
  }

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) { stream.write(copying: bytes) }
  func streamDidReachEnd(_ stream: TCPStream) { stream.shutdownWrite() }
  func stream(_ stream: TCPStream, didFail error: UVError) { stream.close() }
  func streamDidDrain(_ stream: TCPStream) {}

  func close() {
    listener.close()
    for stream in streams { stream.close() }
  }
}

/// Collects what comes.
@LoopActor
private final class Reader: TCPStreamDelegate {
  var bytes: [UInt8] = []
  var error: UVError?
  var hasEnded = false
  var drains = 0
  private var waiter: CheckedContinuation<Void, Never>?
  private var drainWaiter: CheckedContinuation<Void, Never>?

  init(_ stream: TCPStream) {
    stream.delegate = self
    stream.startReading()
  }

  func end() async { if !hasEnded { await withCheckedContinuation { waiter = $0 } } }
  func drained() async { if drains == 0 { await withCheckedContinuation { drainWaiter = $0 } } }

  func stream(_ stream: TCPStream, didRead span: Span<UInt8>) {
    span.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
  }
  func streamDidReachEnd(_ stream: TCPStream) { finish() }
  func stream(_ stream: TCPStream, didFail error: UVError) {
    self.error = error
    finish()
  }
  func streamDidDrain(_ stream: TCPStream) {
    drains += 1
    drainWaiter?.resume()
    drainWaiter = nil
  }

  private func finish() {
    hasEnded = true
    waiter?.resume()
    waiter = nil
  }
}

/// A listening socket that nobody accepts from.
private func silentListener() throws -> (Int32, SocketAddress) {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  let status = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
      bind(descriptor, pointer, size) | listen(descriptor, 0) | getsockname(descriptor, pointer, &size)
    }
  }
  try #require(status == 0)
  return (descriptor, SocketAddress(host: "127.0.0.1", port: Int(UInt16(bigEndian: address.sin_port))))
}
