import TestSupport
import Testing

@testable import EventLoop

/// The machine against OpenSSL's own client, byte for byte, with no socket between.
@Suite("TLS: one session")
struct TLSSessionTests {
  @Test("a handshake of one byte at a time, and plaintext after it", arguments: [TLSClient.Version.tls12, .tls13])
  func byteByByte(version: TLSClient.Version) async throws {
    try await withContext { context, _ in
      let pair = Pair(context, TLSClient(version))
      pair.bytesAtOnce = 1
      try pair.handshake()
      try pair.client.write(Array("from the client".utf8))
      try pair.exchange()
      #expect(pair.received == Array("from the client".utf8))
      pair.write(Array("from the server".utf8))
      try pair.exchange()
      #expect(pair.answered == Array("from the server".utf8))
    }
  }

  @Test("what is written before the handshake is sent after it, and close_notify behind it")
  func early() async throws {
    try await withContext { context, _ in
      let pair = Pair(context, TLSClient())
      pair.write(Array("too early".utf8))
      #expect(pair.session.unsentByteCount == 9)
      #expect(!pair.session.end())
      try pair.handshake()
      try pair.exchange()
      #expect(pair.session.unsentByteCount == 0)
      #expect(pair.session.end())
      try pair.exchange()
      #expect(pair.answered == Array("too early".utf8))
      #expect(pair.client.hasEnded)
    }
  }

  @Test(
    "http/1.1 is selected wherever it stands in the client's list, and nothing else ever is",
    arguments: [
      (["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), (["http/1.0", "spdy/3"], nil), ([], nil),
    ] as [([String], String?)])
  func applicationProtocol(offered: [String], selected: String?) async throws {
    try await withContext { context, _ in
      let pair = Pair(context, TLSClient(protocols: offered))
      try pair.handshake()
      #expect(pair.client.selectedProtocol == selected)
    }
  }

  @Test("a client of HTTP/2 alone gets no_application_protocol (RFC 7301 §3.2)")
  func http2Only() async throws {
    try await withContext { context, _ in
      let pair = Pair(context, TLSClient(protocols: ["h2"]))
      #expect(throws: TLSClient.Failure.alert(120)) { try pair.handshake() }
      #expect(pair.end == .failed)
    }
  }

  @Test("TLS 1.1 gets protocol_version (RFC 8996)")
  func oldVersion() async throws {
    try await withContext { context, _ in
      let pair = Pair(context, TLSClient(.tls11))
      #expect(throws: TLSClient.Failure.alert(70)) { try pair.handshake() }
      #expect(pair.end == .failed)
    }
  }

  @Test(
    "a session is resumed by its ticket, with the context that has issued it",
    arguments: [TLSClient.Version.tls12, .tls13])
  func resumption(version: TLSClient.Version) async throws {
    try await withContext { context, renewed in
      let first = Pair(context, TLSClient(version))
      try first.handshake()
      #expect(!first.client.isResumed)
      let second = Pair(context, TLSClient(version, resuming: first.client))
      try second.handshake()
      #expect(second.client.isResumed)
      let third = Pair(renewed, TLSClient(version, resuming: first.client))
      try third.handshake()
      #expect(!third.client.isResumed)
    }
  }

  @Test(
    "contexts that share ticket keys resume each other's sessions, until the day ends",
    arguments: [TLSClient.Version.tls12, .tls13])
  func sharedTickets(version: TLSClient.Version) async throws {
    try await TestCertificate.with { certificate in
      try await onLoop {
        let tickets = TLSTicketKeys()
        let others = try #require(TLSTicketKeys(handedOver: tickets.handOver()))
        let context = try TLSContext(certificate.files, tickets: tickets)
        let first = Pair(context, TLSClient(version))
        try first.handshake()
        let other = try TLSContext(certificate.files, tickets: others)
        let second = Pair(other, TLSClient(version, resuming: first.client))
        try second.handshake()
        #expect(second.client.isResumed)
        tickets.advance(toDay: tickets.day + 1)
        let tomorrow = Pair(context, TLSClient(version, resuming: first.client))
        try tomorrow.handshake()
        #expect(!tomorrow.client.isResumed)
        let again = Pair(context, TLSClient(version, resuming: tomorrow.client))
        try again.handshake()
        #expect(again.client.isResumed)
      }
    }
  }

  @Test("megabytes pass both ways, in records of at most 16 KiB", arguments: [TLSClient.Version.tls12, .tls13])
  func large(version: TLSClient.Version) async throws {
    try await withContext { context, _ in
      let pair = Pair(context, TLSClient(version))
      try pair.handshake()
      let bytes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
      try pair.client.write(bytes)
      pair.write(bytes)
      #expect(pair.recordByteCounts.allSatisfy { $0 <= 16 * 1024 + 256 })
      try pair.exchange()
      let (isReceived, isAnswered) = (pair.received == bytes, pair.answered == bytes)
      #expect(isReceived && isAnswered)
    }
  }

  @Test("ciphertext that is not read is held, and read later")
  func held() async throws {
    try await withContext { context, _ in
      let pair = Pair(context, TLSClient())
      try pair.handshake()
      try pair.client.write([UInt8](repeating: 7, count: 60_000))
      pair.client.output().withUnsafeBytes { pair.session.withCiphertext($0) {} }
      #expect(!pair.session.isStarved)
      #expect(pair.session.buffers.input.isEmpty)
      pair.session.withHeldCiphertext { pair.readAll() }
      #expect(pair.session.isStarved)
      #expect(pair.received.count == 60_000)
    }
  }

  @Test("plaintext that comes with close_notify is given before the end")
  func closing() async throws {
    try await withContext { context, _ in
      let pair = Pair(context, TLSClient())
      try pair.handshake()
      try pair.client.write([1, 2, 3])
      pair.client.end()
      try pair.exchange()
      #expect(pair.received == [1, 2, 3])
      #expect(pair.end == .ended)
      // The other direction is still open (RFC 8446 §6.1).
      pair.write([4])
      #expect(!pair.session.buffers.output.isEmpty)
    }
  }

  @Test("a record that was changed on its way gets bad_record_mac, and nothing of it is given")
  func tampered() async throws {
    try await withContext { context, _ in
      let pair = Pair(context, TLSClient())
      try pair.handshake()
      try pair.client.write(Array("secret".utf8))
      var bytes = pair.client.output()
      bytes[bytes.count - 1] ^= 1
      pair.receive(bytes)
      #expect(pair.received.isEmpty)
      #expect(pair.end == .failed)
      #expect(throws: TLSClient.Failure.alert(20)) { try pair.exchange() }
    }
  }

  @Test("plain HTTP fails without an answer, other noise with an alert")
  func noise() async throws {
    try await withContext { context, _ in
      let http = Pair(context, TLSClient())
      http.receive(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
      #expect(http.end == .failed)
      #expect(http.session.buffers.output.isEmpty)
      let noise = Pair(context, TLSClient())
      noise.receive([0x16, 0x03, 0x01, 0x00, 0x04, 0xFF, 0x00, 0x00, 0x00])
      #expect(noise.end == .failed)
      // An alert's record: type 21, two bytes of content.
      #expect(noise.takeOutput().first == 21)
    }
  }

  @Test("a handshake that never ends fails at its bound")
  func endlessHandshake() async throws {
    try await withContext { context, _ in
      let pair = Pair(context, TLSClient())
      // A ClientHello that announces 100 000 bytes, in records of 1000.
      var byteCount = 0
      var content: [UInt8] = [1, 0x01, 0x86, 0xA0, 3, 3]
      while pair.end == nil, byteCount < 1 << 20 {
        content += [UInt8](repeating: 0, count: 1000 - content.count)
        let record = [0x16, 3, 1, 0x03, 0xE8] + content
        pair.receive(record)
        byteCount += record.count
        content = []
      }
      #expect(pair.end == .failed)
      #expect((16 * 1024...18 * 1024).contains(byteCount))
    }
  }

  @Test("a second handshake is refused, and the session goes on")
  func renegotiation() async throws {
    try await withContext { context, _ in
      let pair = Pair(context, TLSClient(.tls12))
      try pair.handshake()
      try pair.client.renegotiate()
      pair.receive(pair.client.output())
      #expect(pair.end == nil)
      #expect(pair.takeOutput().first == 21)
      pair.write([1])
      #expect(!pair.session.buffers.output.isEmpty)
    }
  }

  @Test("a key update is answered; those whose answers nobody takes are bounded")
  func keyUpdates() async throws {
    try await withContext { context, _ in
      let pair = Pair(context, TLSClient())
      try pair.handshake()
      pair.session.repliesWereSent()
      var count = 0
      while !pair.session.hasTooManyReplies, count < 100_000 {
        try pair.client.requestKeyUpdate()
        pair.receive(pair.client.output())
        count += 1
      }
      #expect(count > 100 && count < 10_000)
      #expect(pair.session.replyByteCount > TLSLimits().replyByteCountMax)
      pair.session.repliesWereSent()
      #expect(!pair.session.hasTooManyReplies)
      try pair.exchange()
      pair.write([9])
      try pair.exchange()
      #expect(pair.answered == [9])
    }
  }
}

private func withContext(
  _ body: @escaping @Sendable @LoopActor (TLSContext, _ renewed: TLSContext) throws -> Void
) async throws {
  try await TestCertificate.with { certificate in
    try await onLoop { try body(TLSContext(certificate.files), TLSContext(certificate.files)) }
  }
}

/// A session and a client, and the wire between them.
@LoopActor private final class Pair {
  let client: TLSClient
  let session: TLSSession
  /// How many bytes come in one piece.
  var bytesAtOnce = 60_000
  /// Plaintext, at the server and at the client.
  private(set) var received: [UInt8] = []
  private(set) var answered: [UInt8] = []
  private(set) var end: TLSSession.Reading?

  init(_ context: TLSContext, _ client: TLSClient) {
    self.client = client
    session = TLSSession(context, buffers: TLSBuffers())
  }

  func handshake() throws {
    for _ in 0..<4 where try !client.handshake() { try exchange() }
    // What the server says after it, tickets for one.
    try exchange()
    #expect(session.isEstablished)
  }

  /// Carries what both have to say until neither says more.
  func exchange() throws {
    while true {
      let (toServer, toClient) = (client.output(), takeOutput())
      if toServer.isEmpty, toClient.isEmpty { return }
      receive(toServer)
      for piece in pieces(toClient) {
        client.receive(piece)
        answered += try client.read()
      }
    }
  }

  func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { session.write($0) } }

  func receive(_ bytes: [UInt8]) {
    for piece in pieces(bytes) { piece.withUnsafeBytes { session.withCiphertext($0) { readAll() } } }
  }

  func readAll() {
    while end == nil {
      switch session.read() {
      case .plaintext(let byteCount): received += session.buffers.plaintext[..<byteCount]
      case .starved: return
      case let reading: end = reading
      }
    }
  }

  func takeOutput() -> [UInt8] {
    defer { session.buffers.output = [] }
    return session.buffers.output
  }

  /// Of the records in the output.
  var recordByteCounts: [Int] {
    var counts: [Int] = []
    var rest = session.buffers.output[...]
    while rest.count >= 5 {
      let count = Int(rest[rest.startIndex + 3]) << 8 | Int(rest[rest.startIndex + 4])
      counts.append(count)
      rest = rest.dropFirst(5 + count)
    }
    return counts
  }

  private func pieces(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    stride(from: 0, to: bytes.count, by: bytesAtOnce).map { bytes[$0..<min(bytes.count, $0 + bytesAtOnce)] }
  }
}
