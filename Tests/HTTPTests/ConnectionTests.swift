import EventLoop
import HTTP
import TestSupport
import Testing

/// RFC 9112 §9: Connection Management.
@Suite("RFC 9112 §9 Connections")
struct ConnectionTests {
  /// §9.3: "If the close connection option is present, the connection will not persist […]; else, if the received protocol is
  /// HTTP/1.1 (or later), the connection will persist […]; else, if the received protocol is HTTP/1.0, the keep-alive
  /// connection option is present […] the connection will persist".
  @Test(
    "persistence follows version and Connection",
    arguments: [
      ("HTTP/1.1", "", nil, true), ("HTTP/1.1", "Connection: close\r\n", "close", false),
      ("HTTP/1.1", "Connection: x, Close\r\n", "close", false), ("HTTP/1.1", "Connection: keep-alive\r\n", nil, true),
      ("HTTP/1.0", "", "close", false), ("HTTP/1.0", "Connection: keep-alive\r\n", "keep-alive", true),
    ] as [(String, String, String?, Bool)])
  func persistence(version: String, field: String, answer: String?, persists: Bool) async throws {
    try await withServer { _, address async throws in
      let client = try RawClient(address)
      let request = "GET / \(version)\r\nHost: a\r\n\(field)\r\n"
      try client.send(request)
      let response = try client.response()
      #expect(response.status == 200)
      #expect(response["connection"] == answer)
      if persists {
        try client.send(request)
        #expect(try client.response().status == 200)
      } else {
        #expect(try client.ends())
      }
    }
  }

  @Test("nothing behind a request with close is served")
  func nothingAfterClose() async throws {
    try await withServer { _, address async throws in
      let client = try RawClient(address)
      try client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().status == 200)
      #expect(try client.ends())
    }
  }

  @Test("a handler may end the connection")
  func handlerCloses() async throws {
    try await TestServer { _, writer in
      writer.send(HTTPResponse(status: .ok, headers: ["Connection": "close"]))
    }.run { _, address async throws in
      let client = try RawClient(address)
      try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().closes)
      #expect(try client.ends())
    }
  }

  /// §9.3.2: "A server MAY process a sequence of pipelined requests in parallel […] but it MUST send the corresponding
  /// responses in the same order that the requests were received."
  @Test("pipelined requests with bodies of all kinds are answered in order")
  func pipelining() async throws {
    try await withServer { _, address async throws in
      let client = try RawClient(address)
      let kinds = [
        ("GET", "\r\n", ""), ("POST", "Content-Length: 3\r\n\r\nabc", "abc"),
        ("PUT", "Transfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n", "def"),
      ]
      let requests = (0..<300).map { number in
        let (method, rest, _) = kinds[number % 3]
        return "\(method) /\(number) HTTP/1.1\r\nHost: a\r\n\(rest)"
      }
      try client.send(requests.joined())
      for number in 0..<300 {
        let (method, _, body) = kinds[number % 3]
        #expect(try client.response().text == "\(method)\n/\(number)\n-\na\n\(body)")
      }
    }
  }

  @Test("a second request waits for the first one's answer, and what is sent ahead is held within its bound")
  func pipelinedRequestsWait() async throws {
    let gate = Gate()
    let begun = Events<String>()
    try await TestServer { request, writer in
      begun.report(request.head.path)
      if request.head.path == "/first" { await gate.pass() }
      writer.send(HTTPResponse(text: request.head.path))
    }.run { _, address async throws in
      let client = try RawClient(address)
      try client.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(await begun.next() == "/first")
      // Far more than the kernel's buffers and the server's bound: it must stop reading.
      let second = Array("GET /second HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
      let flood = [[UInt8]](repeating: second, count: 4096).flatMap { $0 }
      #expect(try client.sendUntilBlocked(flood, upTo: 64 << 20) < 64 << 20)
      try await onLoop { gate.open() }
      #expect(try client.response().text == "/first")
      #expect(try client.response().text == "/second")
    }
  }

  @Test("no pipelined request is begun while the client does not take the answers it has")
  func pipelinedAnswersPileUp() async throws {
    var limits = testLimits
    limits.writeStallDuration = .milliseconds(200)
    let handled = Events<Void>()
    try await TestServer(limits) { _, writer in
      handled.report(())
      writer.send(HTTPResponse(status: .ok, body: [UInt8](repeating: 0x61, count: 1 << 20)))
    }.run { server, address async throws in
      let client = try RawClient(address, receiveBufferByteCount: 4096)
      try client.send(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 1000))
      await handled.next()
      // The stall ends the connection; by then the kernel's buffers have been filled, not a gigabyte of ours.
      try await onLoop { while server.connectionCount > 0 { try await sleep(for: .milliseconds(5)) } }
      handled.finish()
      var count = 1
      while await handled.next() != nil { count += 1 }
      #expect(count < 40)
    }
  }

  @Test("a connection rests before its first request and after a while without any, and serves whatever comes then")
  func resting() async throws {
    @Sendable func awaitRest(_ server: HTTPServer) async throws {
      try await onLoop { while server.restingConnectionCount < 1 { try await sleep(for: .milliseconds(1)) } }
    }
    try await withServer { server, address in
      let client = try RawClient(address)
      try await awaitRest(server)
      for round in 0..<3 {
        // One alone, one with a body, and two that come together.
        try client.send("GET /\(round) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response().text.hasPrefix("GET\n/\(round)\n"))
        try await awaitRest(server)
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        #expect(try client.response().text.hasSuffix("hello"))
        try await awaitRest(server)
        let request = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
        try client.send(request + request)
        for _ in 0..<2 { #expect(try client.response().text.hasPrefix("GET\n/a\n")) }
        try await awaitRest(server)
      }
      #expect(try await onLoop { server.connectionCount } == 1)
    }
  }

  @Test("requests sent before FIN are all answered")
  func halfClose() async throws {
    try await withServer { _, address async throws in
      let client = try RawClient(address)
      try client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n")
      client.shutdownWrite()
      #expect(try client.response().text == "GET\n/a\n-\na\n")
      #expect(try client.response().text == "GET\n/b\n-\na\n")
      #expect(try client.ends())
    }
  }

  /// §9.3: "A server MUST read the entire request message body or close the connection after sending its response; otherwise,
  /// the remaining data on a persistent connection would be misinterpreted as the next request."
  @Test("a short body nobody wanted is passed over, a long one ends the connection")
  func unreadBodies() async throws {
    try await withServer(handler: Handlers.ignoreBody) { _, address async throws in
      let client = try RawClient(address)
      for rest in ["Content-Length: 4\r\n\r\nGET ", "Transfer-Encoding: chunked\r\n\r\n4\r\nGET \r\n0\r\n\r\n"] {
        try client.send("POST / HTTP/1.1\r\nHost: a\r\n" + rest)
        let response = try client.response()
        #expect(response.status == 200)
        #expect(!response.closes)
      }
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(testLimits.drainByteCountMax + 1)\r\n\r\n")
      #expect(try client.response().closes)
      #expect(try client.ends())
      // A chunked body does not say how long it is: the connection ends when it has become too long.
      let chunked = try RawClient(address)
      try chunked.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
      #expect(try chunked.response().status == 200)
      let chunk = "10000\r\n" + String(repeating: "x", count: 0x10000) + "\r\n"
      for _ in 0...(testLimits.drainByteCountMax / 0x10000) { try chunked.send(chunk) }
      #expect(try chunked.ends())
    }
  }

  @Test("a body that was paused and then not read does not hold up the next request")
  func pausedAndUnread() async throws {
    try await TestServer { request, writer in
      request.body.pause()
      writer.send(HTTPResponse(text: request.head.path))
    }.run { _, address async throws in
      let client = try RawClient(address)
      try client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
      #expect(try client.response().text == "/a")
      try client.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().text == "/b")
    }
  }

  /// §9.6: "If a server performs an immediate close of a TCP connection, there is a significant risk that the client will not
  /// be able to read the last HTTP response. […] servers typically close a connection in stages."
  @Test("a client in the middle of a large upload still reads why it was refused")
  func lingeringClose() async throws {
    var limits = testLimits
    limits.bodyByteCountMax = 1000
    try await withServer(limits) { _, address async throws in
      let client = try RawClient(address)
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n")
      try client.send([UInt8](repeating: 0x61, count: 8_000_000))
      #expect(try client.response().status == 413)
      #expect(try client.ends())
    }
  }

  @Test("a client that sends on without end is cut")
  func lingeringIsBounded() async throws {
    var limits = testLimits
    limits.lingerByteCountMax = 1_000_000
    try await withServer(limits) { _, address async throws in
      let client = try RawClient(address)
      try client.send("BAD\r\n\r\n")
      #expect(throws: RawClient.Failure.self) {
        let bytes = [UInt8](repeating: 0x61, count: 100_000)
        for _ in 0..<1000 { try client.send(bytes) }
      }
    }
  }

  @Test("a client that neither sends nor closes after the last answer is cut")
  func lingeringTime() async throws {
    var limits = testLimits
    limits.lingerDuration = .milliseconds(20)
    try await withServer(limits) { server, address async throws in
      let client = try RawClient(address)
      try client.send("BAD\r\n\r\n")
      #expect(try client.response().status == 400)
      #expect(try client.ends())
      try await onLoop { while server.connectionCount > 0 { try await sleep(for: .milliseconds(5)) } }
    }
  }
}
