import AWS
import EventLoop
import TestSupport
import Testing

/// HTTPS as a client.
@Suite("Transport over TLS")
struct SecureTransportTests {
  private func with(
    _ way: TransportTests.Way, trusting: Bool = true, name: String = "localhost", _ script: [ScriptedServer.Reply],
    _ body: @escaping @Sendable @LoopActor (ScriptedServer, Transport) async throws -> Void
  ) async throws {
    try await TestCertificate.with(name: name) { certificate in
      try await onLoop {
        let server = try ScriptedServer(script, tls: TLSContext(certificate.files))
        var limits = TransportLimits()
        if trusting { limits.certificateAuthorityFile = certificate.authority }
        let transport = Transport(limits: limits, usesProxies: way == .proxied)
        defer {
          transport.shutdown()
          server.close()
        }
        try await body(server, transport)
      }
    }
  }

  @Test("requests and their bodies arrive whole, on one connection", arguments: TransportTests.Way.allCases)
  func bodies(way: TransportTests.Way) async throws {
    try await with(way, Array(repeating: ScriptedServer.ok("done"), count: 6)) { server, transport in
      let sizes = [0, 1, 16_384, 300_000, 3_000_000]
      for byteCount in sizes {
        let source = TestSource(testBytes(byteCount), pieceByteCount: 70_000)
        let response = try await transport.send(
          TransportRequest(method: "PUT", url: server.url, body: .source(source, byteCount: byteCount)))
        #expect(response.body == Array("done".utf8))
      }
      _ = try await transport.send(TransportRequest(method: "POST", url: server.url, body: .bytes(testBytes(200_000))))
      #expect(server.requests.map(\.body) == (sizes + [200_000]).map(testBytes))
      #expect(server.connectionCount == 1)
    }
  }

  @Test("a server whose certificate nobody vouches for gets no request", arguments: TransportTests.Way.allCases)
  func untrusted(way: TransportTests.Way) async throws {
    try await with(way, trusting: false, [ScriptedServer.ok()]) { server, transport in
      await #expect {
        try await transport.send(TransportRequest(method: "GET", url: server.url))
      } throws: { error in
        guard let error = error as? TransportError, case .tls = error else { return false }
        return error.nothingWasSent && !error.isRetryable
      }
      #expect(server.requests.isEmpty)
    }
  }

  @Test("a server that proves to be another gets no request", arguments: TransportTests.Way.allCases)
  func otherName(way: TransportTests.Way) async throws {
    try await with(way, name: "elsewhere.example", [ScriptedServer.ok()]) { server, transport in
      let url = server.url.replacing("127.0.0.1", with: "localhost")
      await #expect {
        try await transport.send(TransportRequest(method: "GET", url: url))
      } throws: {
        if case .tls = $0 as? TransportError { true } else { false }
      }
      #expect(server.requests.isEmpty)
    }
  }

  @Test("a name is looked up and asked for", arguments: TransportTests.Way.allCases)
  func name(way: TransportTests.Way) async throws {
    try await with(way, [ScriptedServer.ok("named")]) { server, transport in
      let url = server.url.replacing("127.0.0.1", with: "localhost")
      let response = try await transport.send(TransportRequest(method: "GET", url: url))
      #expect(response.body == Array("named".utf8))
    }
  }

  @Test("a handshake that does not end is given up in the time for connecting", arguments: TransportTests.Way.allCases)
  func slowHandshake(way: TransportTests.Way) async throws {
    try await onLoop {
      // Takes the ClientHello for the beginning of a head, and says nothing.
      let server = try ScriptedServer([.silence])
      let transport = Transport(usesProxies: way == .proxied)
      defer {
        transport.shutdown()
        server.close()
      }
      let url = server.url.replacing("http:", with: "https:")
      let timeouts = TransportTimeouts(connect: .milliseconds(200), stall: .seconds(20), total: .seconds(60))
      await #expect {
        try await transport.send(TransportRequest(method: "GET", url: url, timeouts: timeouts))
      } throws: {
        if case .timedOut(_, connected: false) = $0 as? TransportError { true } else { false }
      }
    }
  }

  @Test("what speaks no TLS is told from what is not trusted", arguments: TransportTests.Way.allCases)
  func noTLS(way: TransportTests.Way) async throws {
    try await onLoop {
      let listener = try TCPListener(host: "127.0.0.1", port: 0) { stream in
        stream.write(Array("220 mail.example ESMTP\r\n".utf8))
        stream.shutdownWrite()
        stream.close()
      }
      let transport = Transport(usesProxies: way == .proxied)
      defer {
        transport.shutdown()
        listener.close()
      }
      let url = "https://\(listener.localAddress)/"
      await #expect {
        try await transport.send(TransportRequest(method: "GET", url: url))
      } throws: {
        switch $0 as? TransportError {
        case .tls, .connect: true
        default: false
        }
      }
    }
  }
}
