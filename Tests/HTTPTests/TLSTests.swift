import EventLoop
import Foundation
import HTTP
import TestSupport
import Testing

/// HTTPS, as curl, OpenSSL's own client and a socket of ours see it.
@Suite("HTTPS")
struct TLSTests {
  private static let get = "GET /path HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let lastGet = "GET /path HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

  @Test("curl trusts it, and is answered", arguments: ["1.2", "1.3"])
  func curl(version: String) async throws {
    try await withTLSServer { certificate, _, address async throws in
      let result = try await Tool.run(
        "curl",
        ["-sSv", "--cacert", certificate.authority, "--tlsv\(version)", "--tls-max", version, "--data", "body"]
          + ["https://\(address)/a?b", "https://\(address)/second"])
      #expect(result.status == .exited(0))
      #expect(result.output.contains("SSL connection using TLSv\(version)"))
      #expect(result.output.contains("ALPN: server accepted http/1.1"))
      #expect(result.output.contains("POST\n/a\nb\n\(address)\nbody"))
      #expect(result.output.contains("Re-using existing connection"))
      #expect(result.output.contains("POST\n/second\n-\n\(address)\nbody"))
    }
  }

  @Test("OpenSSL's client resumes its session on a new connection", arguments: ["-tls1_2", "-tls1_3"])
  func resumption(version: String) async throws {
    try await withTLSServer { certificate, _, address async throws in
      let session = certificate.path("session.pem")
      let client = [
        "s_client", "-connect", "\(address)", version, "-ign_eof", "-CAfile", certificate.authority, "-alpn",
        "http/1.1",
      ]
      let first = try await Tool.run("openssl", client + ["-sess_out", session], input: Self.lastGet)
      #expect(first.output.contains("New, TLSv1."))
      #expect(first.output.contains("ALPN protocol: http/1.1"))
      #expect(first.output.contains("Verify return code: 0 (ok)"))
      #expect(first.output.contains("HTTP/1.1 200"))
      let second = try await Tool.run("openssl", client + ["-sess_in", session], input: Self.lastGet)
      #expect(second.output.contains("Reused, TLSv1."))
      #expect(second.output.contains("HTTP/1.1 200"))
      // close_notify came before FIN: OpenSSL 3 calls an end without it an error.
      #expect(!second.output.contains("unexpected eof"))
    }
  }

  @Test("TLS 1.1 and HTTP/2 alone are refused by an alert", arguments: [["-tls1_1"], ["-tls1_2", "-alpn", "h2"]])
  func refused(arguments: [String]) async throws {
    try await withTLSServer { _, server, address async throws in
      let result = try await Tool.run(
        "openssl", ["s_client", "-connect", "\(address)", "-cipher", "DEFAULT@SECLEVEL=0"] + arguments)
      #expect(
        result.output.contains(arguments.contains("h2") ? "alert no application protocol" : "alert protocol version"))
      try await hasNoConnections(server)
    }
  }

  @Test("who speaks plain HTTP, SSL 3 or nothing we know is closed, and harms nobody")
  func noise() async throws {
    try await withTLSServer { _, server, address async throws in
      let other = try SecureClient(address)
      for noise in [Array(Self.get.utf8), [0x16, 3, 0, 0, 4, 1, 0, 0, 0], [UInt8](repeating: 0xAA, count: 5000)] {
        let client = try RawClient(address)
        try client.send(noise)
        // An alert at most.
        #expect(try client.rest().count <= 7)
      }
      try other.send(Self.get)
      #expect(try other.response().status == 200)
    }
  }

  @Test("a handshake that stops half-way is closed at the head's deadline", arguments: [0, 1, 60])
  func slowHandshake(byteCount: Int) async throws {
    var limits = testLimits
    limits.headDuration = .milliseconds(50)
    try await withTLSServer(limits) { _, server, address async throws in
      let tls = TLSClient()
      _ = try tls.handshake()
      let client = try RawClient(address)
      try client.send(tls.output().prefix(byteCount))
      #expect(try client.ends())
      try await hasNoConnections(server)
    }
  }

  @Test("a handshake that drips is closed at the head's deadline")
  func drippingHandshake() async throws {
    var limits = testLimits
    limits.headDuration = .milliseconds(100)
    try await withTLSServer(limits) { _, _, address async throws in
      let tls = TLSClient()
      _ = try tls.handshake()
      let client = try RawClient(address)
      let hello = tls.output()
      var count = 0
      do {
        while count < hello.count - 1, !client.isReadable(withinMilliseconds: 5) {
          try client.send(hello[count...count])
          count += 1
        }
        #expect(try client.ends())
      } catch RawClient.Failure.system(_, let code) where code == ECONNRESET || code == EPIPE {
        // A byte that came between the server's last look and its close makes that a reset.
      }
      #expect(count < hello.count - 1)
    }
  }

  @Test("the end of a connection is close_notify and FIN: after an answer, when idle, and at the server's stop")
  func ends() async throws {
    var limits = testLimits
    limits.idleDuration = .milliseconds(50)
    try await withTLSServer(limits) { _, server, address async throws in
      let answered = try SecureClient(address)
      try answered.send(Self.lastGet)
      #expect(try answered.response().closes)
      #expect(try answered.ends())
      let idle = try SecureClient(address)
      try idle.send(Self.get)
      #expect(try idle.response().status == 200)
      #expect(try idle.ends())
    }
    try await withTLSServer { _, server, address async throws in
      let kept = try SecureClient(address)
      try kept.send(Self.get)
      #expect(try kept.response().status == 200)
      try await onLoop { await server.shutdown(within: .seconds(5)) }
      #expect(try kept.ends())
    }
  }

  @Test("a body that ends with FIN and no close_notify, or with close_notify, is a body that was cut off")
  func truncation() async throws {
    let errors = Events<RequestBodyError?>()
    try await withTLSServer { request, writer in
      do throws(RequestBodyError) {
        _ = try await request.body.collect(upTo: 100)
        errors.report(nil)
      } catch { errors.report(error) }
      writer.send(HTTPResponse(text: "-"))
    } _: { _, _, address async throws in
      for isPolite in [true, false] {
        let client = try SecureClient(address)
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
        if isPolite {
          client.tls.end()
          try client.raw.send(client.tls.output())
        } else {
          client.raw.shutdownWrite()
        }
        #expect(await errors.next() == .some(.disconnected))
      }
    }
  }

  @Test("a connection too many is told so, through a handshake of its own")
  func connectionLimit() async throws {
    var limits = testLimits
    limits.connectionCountMax = 1
    try await withTLSServer(limits) { _, server, address async throws in
      let first = try SecureClient(address)
      try first.send(Self.get)
      #expect(try first.response().status == 200)
      let refused = try SecureClient(address)
      #expect(try refused.response().status == 503)
      #expect(try refused.ends())
    }
  }

  @Test("megabytes pass both ways, as they were", arguments: ["1.2", "1.3"])
  func large(version: String) async throws {
    let bytes = (0..<20_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    var limits = testLimits
    limits.bodyByteCountMax = bytes.count
    try await withTLSServer(limits) { request, writer in
      do throws(RequestBodyError) {
        let body = try await request.body.collect(upTo: 1 << 30)
        writer.send(HTTPResponse(status: .ok, body: body))
      } catch { writer.send(Problem(error)) }
    } _: { certificate, _, address async throws in
      try Data(bytes).write(to: URL(filePath: certificate.path("sent")))
      let result = try await Tool.run(
        "curl",
        [
          "-sS", "--cacert", certificate.authority, "--tls-max", version, "--data-binary",
          "@" + certificate.path("sent"),
        ]
          + ["-H", "Expect:", "-o", certificate.path("received"), "https://\(address)/"])
      #expect(result.status == .exited(0))
      let isSame = try Array(Data(contentsOf: URL(filePath: certificate.path("received")))) == bytes
      #expect(isSame)
    }
  }

  @Test("a body that nobody reads stops the client, and every byte of it is there when somebody does")
  func backPressure() async throws {
    let piece = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 2) }
    let pieceCount = 32
    var limits = testLimits
    limits.bodyByteCountMax = pieceCount * piece.count
    let gate = Gate()
    try await withTLSServer(limits) { request, writer in
      await gate.pass()
      do throws(RequestBodyError) {
        let body = try await request.body.collect(upTo: pieceCount * piece.count)
        let isSame = (0..<pieceCount).allSatisfy { body[($0 * piece.count)...].starts(with: piece) }
        writer.send(HTTPResponse(text: "\(body.count) \(isSame)"))
      } catch { writer.send(Problem(error)) }
    } _: { _, _, address async throws in
      let client = try SecureClient(address)
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(pieceCount * piece.count)\r\n\r\n")
      var ciphertext: [UInt8] = []
      var (sentCount, takenByteCount) = (0, 0)
      while takenByteCount == ciphertext.count, sentCount < pieceCount {
        try client.tls.write(piece)
        ciphertext = client.tls.output()
        takenByteCount = try client.raw.sendUntilBlocked(ciphertext, upTo: ciphertext.count)
        sentCount += 1
      }
      // What the kernel and the server hold is far from all.
      #expect(sentCount < pieceCount)
      try await onLoop { gate.open() }
      try client.raw.send(ciphertext[takenByteCount...])
      for _ in sentCount..<pieceCount { try client.send(piece) }
      #expect(try client.response().text == "\(pieceCount * piece.count) true")
    }
  }

  @Test("a client that does not take its answer is cut, however the protocol talks beside it")
  func writeStall() async throws {
    var limits = testLimits
    limits.writeStallDuration = .milliseconds(100)
    let errors = Events<RequestBodyError?>()
    try await withTLSServer(limits) { _, writer in
      let body = writer.begin(.ok, contentLength: nil)
      do throws(RequestBodyError) {
        for _ in 0..<100_000 { try await body.write([UInt8](repeating: 0x61, count: 64 * 1024)) }
        errors.report(nil)
      } catch { errors.report(error) }
    } _: { _, server, address async throws in
      let client = try SecureClient(address, receiveBufferByteCount: 4096)
      try client.send(Self.get)
      #expect(await errors.next() == .some(.disconnected))
      try await hasNoConnections(server)
    }
  }

  @Test("a client that asks for new keys and takes none of the answers is cut")
  func keyUpdateFlood() async throws {
    var limits = testLimits
    limits.writeStallDuration = .seconds(600)
    try await withTLSServer(limits) { _, server, address async throws in
      let client = try SecureClient(address, receiveBufferByteCount: 4096)
      var byteCount = 0
      do {
        // Far more than what the kernel's buffers can hide.
        while byteCount < 32 << 20 {
          for _ in 0..<500 { try client.tls.requestKeyUpdate() }
          let output = client.tls.output()
          try client.raw.send(output)
          byteCount += output.count
        }
        Issue.record("never cut")
      } catch RawClient.Failure.system(_, _) {}
      try await hasNoConnections(server)
    }
  }

  @Test("new connections get the certificate that was put in place, old ones keep theirs")
  func renewal() async throws {
    try await withTLSServer { certificate, server, address async throws in
      let old = try SecureClient(address, TLSClient(authority: certificate.authority))
      try await TestCertificate.with { other in
        try await onLoop { server.renew(try TLSContext(other.files)) }
        try old.send(Self.get)
        #expect(try old.response().status == 200)
        #expect(throws: TLSClient.Failure.self) {
          try SecureClient(address, TLSClient(authority: certificate.authority))
        }
        let new = try SecureClient(address, TLSClient(authority: other.authority))
        try new.send(Self.get)
        #expect(try new.response().status == 200)
      }
    }
  }
}

/// A server with a certificate of its own.
private func withTLSServer(
  _ limits: HTTPLimits = testLimits, handler: @escaping HTTPHandler = Handlers.describe,
  _ body: (TestCertificate, HTTPServer, SocketAddress) async throws -> Void
) async throws {
  try await TestCertificate.with { certificate in
    try await TestServer(limits, tls: TLSContext(certificate.files), handler: handler).run {
      server, address async throws in
      try await body(certificate, server, address)
    }
  }
}

/// Waits until the server has let go of every connection.
private func hasNoConnections(_ server: HTTPServer) async throws {
  try await onLoop {
    for _ in 0..<2000 where server.connectionCount > 0 { try await sleep(for: .milliseconds(5)) }
    #expect(server.connectionCount == 0)
  }
}
