import EventLoop
import TestSupport

/// As ``RawClient``, over TLS: a blocking socket whose every byte the test decides.
final class SecureClient {
  let raw: RawClient
  let tls: TLSClient
  private var received: [UInt8] = []

  /// Connects and shakes hands.
  init(_ address: SocketAddress, _ tls: TLSClient = TLSClient(), receiveBufferByteCount: Int32? = nil) throws {
    raw = try RawClient(address, receiveBufferByteCount: receiveBufferByteCount)
    self.tls = tls
    while try !tls.handshake() {
      try raw.send(tls.output())
      tls.receive(try raw.some())
    }
    try raw.send(tls.output())
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    try tls.write(bytes)
    try raw.send(tls.output())
  }

  /// Reads one response that has a Content-Length.
  func response() throws -> RawResponse {
    while RawResponse.headEnd(received) == nil { try readMore() }
    let end = RawResponse.headEnd(received)!
    var response = try RawResponse(head: String(decoding: received[..<end], as: UTF8.self))
    received.removeFirst(end)
    let length = response["content-length"].flatMap { Int($0) } ?? 0
    while received.count < length { try readMore() }
    response.body = Array(received[..<length])
    received.removeFirst(length)
    return response
  }

  /// Whether close_notify comes, and then FIN, without another byte of plaintext.
  func ends() throws -> Bool {
    while !tls.hasEnded {
      let bytes = try raw.some()
      if bytes.isEmpty { return false }
      tls.receive(bytes)
      if try !tls.read().isEmpty { return false }
    }
    return try raw.some().isEmpty
  }

  private func readMore() throws {
    let bytes = try raw.some()
    if bytes.isEmpty { throw RawClient.Failure.ended }
    tls.receive(bytes)
    received += try tls.read()
  }
}
