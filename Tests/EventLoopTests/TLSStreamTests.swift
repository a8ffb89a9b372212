import EventLoop
import TestSupport
import Testing

@Suite("TLS: a stream")
struct TLSStreamTests {
  /// How a delegate treats each read.
  enum Habit: CaseIterable {
    case readsOn
    /// Stops, and starts within the same call.
    case stutters
    /// Stops, and starts when something else has happened; every other time within the same call.
    case pauses
  }

  @Test("a reader that stops and starts misses nothing, and learns of the end once", arguments: Habit.allCases)
  func reading(habit: Habit) async throws {
    try await TestCertificate.with { certificate in
      try await onLoop {
        let reader = Reader(habit)
        let context = try TLSContext(certificate.files)
        let listener = try TCPListener(host: "127.0.0.1", port: 0) { stream in
          stream.startTLS(context)
          reader.begin(stream)
        }
        let client = try await Sender.connect(to: listener.localAddress)
        let bytes = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        // Many small records: some of what comes at once is left when the plaintext's buffer is full.
        for start in stride(from: 0, to: bytes.count, by: 1000) {
          try client.tls.write(Array(bytes[start..<start + 1000]))
        }
        client.tls.end()
        client.flush()
        await reader.end()
        let isSame = reader.bytes == bytes
        #expect(isSame)
        #expect(reader.error == nil)
        #expect(reader.endCount == 1)
        client.stream.close()
        reader.stream?.close()
        listener.close()
      }
    }
  }

  @Test("a writer's buffer counts ciphertext that waits, and what waits for the handshake")
  func writing() async throws {
    try await TestCertificate.with { certificate in
      try await onLoop {
        let reader = Reader(.readsOn)
        let context = try TLSContext(certificate.files)
        let listener = try TCPListener(host: "127.0.0.1", port: 0) { stream in
          stream.startTLS(context)
          reader.begin(stream)
          stream.write([UInt8](repeating: 1, count: 1000))
          #expect(stream.bufferedByteCount == 1000)
        }
        let client = try await Sender.connect(to: listener.localAddress)
        await reader.drained()
        let stream = try #require(reader.stream)
        #expect(stream.bufferedByteCount == 0)
        client.stream.stopReading()
        stream.write([UInt8](repeating: 2, count: 32_000_000))
        #expect(stream.bufferedByteCount > 1_000_000)
        #expect(stream.dequeuedByteCount == 0)
        client.stream.startReading()
        await reader.drained()
        #expect(stream.bufferedByteCount == 0)
        #expect(stream.dequeuedByteCount > 1_000_000)
        stream.shutdownWrite()
        try await client.end()
        #expect(client.receivedByteCount == 32_001_000)
        #expect(client.tls.hasEnded)
        client.stream.close()
        stream.close()
        listener.close()
      }
    }
  }
}

/// Collects plaintext.
@LoopActor private final class Reader: TCPStreamDelegate {
  private let habit: TLSStreamTests.Habit
  private(set) var stream: TCPStream?
  private(set) var bytes: [UInt8] = []
  private(set) var error: UVError?
  private(set) var endCount = 0
  private var drainCount = 0
  private var readCount = 0
  private var waiter: CheckedContinuation<Void, Never>?

  init(_ habit: TLSStreamTests.Habit) { self.habit = habit }

  func begin(_ stream: TCPStream) {
    self.stream = stream
    stream.delegate = self
    stream.startReading()
  }

  func end() async { while endCount == 0, error == nil { await event() } }

  func drained() async {
    while drainCount == 0 { await event() }
    drainCount = 0
  }

  func stream(_ stream: TCPStream, didRead span: Span<UInt8>) {
    span.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    guard habit != .readsOn else { return }
    stream.stopReading()
    readCount += 1
    if habit == .stutters || readCount.isMultiple(of: 2) { return stream.startReading() }
    EventLoop.shared.spawn { stream.startReading() }
  }

  func streamDidReachEnd(_ stream: TCPStream) {
    endCount += 1
    wake()
  }

  func stream(_ stream: TCPStream, didFail error: UVError) {
    self.error = error
    wake()
  }

  func streamDidDrain(_ stream: TCPStream) {
    drainCount += 1
    wake()
  }

  private func event() async { await withCheckedContinuation { waiter = $0 } }

  private func wake() {
    waiter?.resume()
    waiter = nil
  }
}

/// A client of the loop: OpenSSL's machine on a plain stream.
@LoopActor private final class Sender: TCPStreamDelegate {
  let stream: TCPStream
  let tls = TLSClient()
  private(set) var receivedByteCount = 0
  private var failure: (any Error)?
  private var hasEnded = false
  private var waiter: CheckedContinuation<Void, Never>?

  /// Connects and shakes hands.
  static func connect(to address: SocketAddress) async throws -> Sender {
    let sender = Sender(try await TCPStream.connect(to: address, timeout: .seconds(10)))
    sender.stream.startReading()
    while try !sender.tls.handshake() {
      sender.flush()
      await sender.event()
    }
    sender.flush()
    return sender
  }

  private init(_ stream: TCPStream) {
    self.stream = stream
    stream.delegate = self
  }

  func flush() { stream.write(tls.output()) }

  func end() async throws {
    while !hasEnded, failure == nil { await event() }
    if let failure { throw failure }
  }

  private func event() async { await withCheckedContinuation { waiter = $0 } }

  private func wake() {
    waiter?.resume()
    waiter = nil
  }

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { tls.receive($0) }
    if tls.isEstablished { do { receivedByteCount += try tls.read().count } catch { failure = error } }
    wake()
  }

  func streamDidReachEnd(_ stream: TCPStream) {
    hasEnded = true
    wake()
  }

  func stream(_ stream: TCPStream, didFail error: UVError) {
    failure = error
    wake()
  }

  func streamDidDrain(_ stream: TCPStream) {}
}
