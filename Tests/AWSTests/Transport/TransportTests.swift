import AWS
import EventLoop
import TestSupport
import Testing

@Suite("Transport")
struct TransportTests {
  /// Over connections of our own, or through libcurl, which then finds no proxy to use.
  enum Way: CaseIterable {
    case direct
    case proxied
  }

  /// A server with this script, and a transport that is shut down afterwards.
  private func with(
    _ way: Way, _ script: [ScriptedServer.Reply], limits: TransportLimits = .init(),
    _ body: @escaping @Sendable @LoopActor (ScriptedServer, Transport) async throws -> Void
  ) async throws {
    try await onLoop {
      let server = try ScriptedServer(script)
      let transport = Transport(limits: limits, usesProxies: way == .proxied)
      defer {
        transport.shutdown()
        server.close()
      }
      try await body(server, transport)
    }
  }

  @Test("a request goes out as it was asked for, with nothing added but what HTTP requires", arguments: Way.allCases)
  func wire(way: Way) async throws {
    try await with(way, [ScriptedServer.ok("pong", headers: "X-Answer:  yes \r\n")]) { server, transport in
      let response = try await transport.send(
        TransportRequest(
          method: "GET", url: server.url + "/a/../b%2Fc?x=%20", headers: [(name: "X-Empty", value: ""), ("X-One", "1")])
      )
      #expect(response.status == 200)
      #expect(response.body == Array("pong".utf8))
      #expect(response.headers["x-answer"] == "yes")
      #expect(response.headers["X-ANSWER"] == "yes")
      #expect(response.headers["x-answe"] == nil)
      let authority = server.url.dropFirst("http://".count)
      #expect(
        server.requests.first?.head
          == "GET /a/../b%2Fc?x=%20 HTTP/1.1\r\nHost: \(authority)\r\nX-Empty:\r\nX-One: 1\r\n\r\n")
    }
  }

  @Test(
    "every method and kind of body arrives whole", arguments: Way.allCases,
    [0, 1, 1000, 32_768, 32_769, 300_000, 3_000_000])
  func bodies(way: Way, byteCount: Int) async throws {
    try await with(way, Array(repeating: ScriptedServer.ok(), count: 6)) { server, transport in
      let bytes = testBytes(byteCount)
      for method in ["PUT", "POST"] {
        _ = try await transport.send(TransportRequest(method: method, url: server.url, body: .bytes(bytes)))
        _ = try await transport.send(
          TransportRequest(
            method: method, url: server.url,
            body: .source(TestSource(bytes, pieceByteCount: 70_000), byteCount: byteCount)))
      }
      _ = try await transport.send(TransportRequest(method: "DELETE", url: server.url))
      #expect(server.requests.map(\.body) == [bytes, bytes, bytes, bytes, []])
      #expect(server.requests.allSatisfy { $0.header("expect") == nil && $0.header("content-type") == nil })
      #expect(server.requests.prefix(4).allSatisfy { $0.header("content-length") == String(byteCount) })
      #expect(server.requests.last?.requestLine == "DELETE / HTTP/1.1")
      #expect(server.connectionCount == 1)
    }
  }

  @Test("HEAD has no body whatever its length says", arguments: Way.allCases)
  func head(way: Way) async throws {
    try await with(way, [.bytes("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"), ScriptedServer.ok("x")]) {
      server, transport in
      let response = try await transport.send(
        TransportRequest(method: "HEAD", url: server.url, response: .collect(byteCountMax: 10)))
      #expect(response.headers.contentLength == 99_999_999)
      #expect(response.body.isEmpty)
      let next = try await transport.send(TransportRequest(method: "GET", url: server.url))
      #expect(next.body == Array("x".utf8))
    }
  }

  @Test("a response reaches a sink that pauses before every piece", arguments: Way.allCases)
  func sink(way: Way) async throws {
    let text = String(repeating: "0123456789", count: 50_000)
    try await with(way, [ScriptedServer.ok(text)]) { server, transport in
      let sink = TestSink(pauses: true)
      let response = try await transport.send(TransportRequest(method: "GET", url: server.url, response: .sink(sink)))
      #expect(sink.contentLength == text.utf8.count)
      #expect(sink.bytes == Array(text.utf8))
      #expect(response.body.isEmpty)
    }
  }

  @Test("an error's body is kept from the sink, up to its bound", arguments: Way.allCases)
  func errorBody(way: Way) async throws {
    let text = String(repeating: "e", count: 100_000)
    try await with(way, [ScriptedServer.error(403, text)]) { server, transport in
      let sink = TestSink()
      let response = try await transport.send(TransportRequest(method: "GET", url: server.url, response: .sink(sink)))
      #expect(response.status == 403)
      #expect(response.body.count == TransportLimits().errorBodyByteCountMax)
      #expect(!sink.hasBegun)
    }
  }

  @Test("a response larger than its bound is refused, announced or not", arguments: Way.allCases)
  func tooLarge(way: Way) async throws {
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n5\r\nfghij\r\n0\r\n\r\n"
    try await with(way, [ScriptedServer.ok("0123456789"), .bytes(chunks), ScriptedServer.ok("123456789")]) {
      server, transport in
      let request = TransportRequest(method: "GET", url: server.url, response: .collect(byteCountMax: 9))
      for _ in 0..<2 {
        await #expect(throws: TransportError.responseTooLarge(byteCountMax: 9)) { try await transport.send(request) }
      }
      let fitting = try await transport.send(request)
      #expect(fitting.body.count == 9)
    }
  }

  @Test("headers beyond their bound are refused", arguments: Way.allCases)
  func headersTooLarge(way: Way) async throws {
    let headers = (0..<100).map { "X-\($0): \(String(repeating: "v", count: 1000))\r\n" }.joined()
    try await with(way, [ScriptedServer.ok(headers: headers)]) { server, transport in
      await #expect {
        try await transport.send(TransportRequest(method: "GET", url: server.url))
      } throws: {
        if case .malformedResponse = $0 as? TransportError { true } else { false }
      }
    }
  }

  @Test("a request with a line break or a bad URL is never sent", arguments: Way.allCases)
  func invalid(way: Way) async throws {
    try await with(way, []) { server, transport in
      let url = server.url
      for request in [
        TransportRequest(method: "GET", url: url, headers: [("X-A", "1\r\nX-B: 2")]),
        TransportRequest(method: "GET", url: url, headers: [("X A", "1")]),
        TransportRequest(method: "GET /", url: url),
        TransportRequest(method: "GET", url: "ftp://127.0.0.1/"),
        TransportRequest(method: "GET", url: "http://"),
      ] {
        await #expect {
          try await transport.send(request)
        } throws: {
          if case .invalidRequest = $0 as? TransportError { true } else { false }
        }
      }
      #expect(server.connectionCount == 0)
      #expect(transport.activeRequestCount == 0)
    }
  }

  @Test("a connection reset in the middle of an upload is a lost connection", arguments: Way.allCases)
  func resetInBody(way: Way) async throws {
    try await with(way, [.resetWithinBody(afterByteCount: 100_000)]) { server, transport in
      await #expect {
        try await transport.send(TransportRequest(method: "PUT", url: server.url, body: .bytes(testBytes(8_000_000))))
      } throws: {
        if case .connectionLost = $0 as? TransportError { true } else { false }
      }
    }
  }

  @Test("a response cut short is a lost connection", arguments: Way.allCases)
  func truncated(way: Way) async throws {
    try await with(way, [.bytesThenClose("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")]) { server, transport in
      await #expect {
        try await transport.send(TransportRequest(method: "GET", url: server.url))
      } throws: {
        if case .connectionLost = $0 as? TransportError { true } else { false }
      }
    }
  }

  @Test("a kept connection that the server has closed costs the next request nothing", arguments: Way.allCases)
  func closedBetweenRequests(way: Way) async throws {
    try await with(way, [.bytesThenClose("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), ScriptedServer.ok("2")]) {
      server, transport in
      _ = try await transport.send(TransportRequest(method: "GET", url: server.url))
      let source = TestSource(testBytes(100_000))
      let response = try await transport.send(
        TransportRequest(method: "PUT", url: server.url, body: .source(source, byteCount: 100_000)))
      #expect(response.body == Array("2".utf8))
      #expect(server.requests.last?.body == testBytes(100_000))
      #expect(server.connectionCount == 2)
    }
  }

  @Test(
    "a kept connection that is reset as the next request comes is replaced and the request replayed",
    arguments: Way.allCases)
  func resetOnReuse(way: Way) async throws {
    try await with(way, [ScriptedServer.ok(), .resetAtHead, ScriptedServer.ok("again")]) { server, transport in
      _ = try await transport.send(TransportRequest(method: "GET", url: server.url))
      let source = TestSource(testBytes(50_000), pauses: false)
      let response = try await transport.send(
        TransportRequest(method: "PUT", url: server.url, body: .source(source, byteCount: 50_000)))
      #expect(response.body == Array("again".utf8))
      #expect(server.requests.last?.body == testBytes(50_000))
      #expect(source.rewindCount == 1)
    }
  }

  @Test("a server that stops reading or answering is given up", arguments: Way.allCases)
  func stalled(way: Way) async throws {
    try await with(way, [.stall, .silence]) { server, transport in
      let timeouts = TransportTimeouts(stall: .seconds(1), total: .seconds(60))
      for body in [TransportRequest.RequestBody.bytes(testBytes(16_000_000)), .bytes([1])] {
        await #expect {
          try await transport.send(TransportRequest(method: "PUT", url: server.url, body: body, timeouts: timeouts))
        } throws: {
          if case .timedOut(_, connected: true) = $0 as? TransportError { true } else { false }
        }
      }
    }
  }

  @Test("an attempt that takes longer than its whole time is given up", arguments: Way.allCases)
  func total(way: Way) async throws {
    try await with(way, [.silence]) { server, transport in
      let timeouts = TransportTimeouts(stall: nil, total: .milliseconds(50))
      await #expect {
        try await transport.send(TransportRequest(method: "GET", url: server.url, timeouts: timeouts))
      } throws: {
        if case .timedOut = $0 as? TransportError { true } else { false }
      }
    }
  }

  @Test("nobody listening is told apart from a server that fails", arguments: Way.allCases)
  func refused(way: Way) async throws {
    try await with(way, []) { server, transport in
      let url = server.url
      server.close()
      await #expect {
        try await transport.send(TransportRequest(method: "GET", url: url))
      } throws: { error in
        guard let error = error as? TransportError, case .connect = error else { return false }
        return error.isRetryable && error.nothingWasSent
      }
    }
  }

  @Test("a source that aborts, or ends early, ends the request", arguments: Way.allCases)
  func sourceAborts(way: Way) async throws {
    try await with(way, [.silence, .silence]) { server, transport in
      let aborting = TestSource(testBytes(100_000))
      aborting.abortOffset = 30_000
      for source in [aborting, TestSource(testBytes(99_999))] {
        await #expect(throws: TransportError.sourceAborted) {
          try await transport.send(
            TransportRequest(method: "PUT", url: server.url, body: .source(source, byteCount: 100_000)))
        }
      }
      #expect(transport.activeRequestCount == 0)
    }
  }

  @Test("a sink that aborts ends the request", arguments: Way.allCases)
  func sinkAborts(way: Way) async throws {
    try await with(way, [ScriptedServer.ok(String(repeating: "x", count: 1_000_000))]) { server, transport in
      let sink = TestSink()
      sink.abortByteCount = 1
      await #expect(throws: TransportError.sinkAborted) {
        try await transport.send(TransportRequest(method: "GET", url: server.url, response: .sink(sink)))
      }
    }
  }

  @Test("cancelling the task ends its transfer at once, in flight or waiting", arguments: Way.allCases)
  func cancellation(way: Way) async throws {
    var limits = TransportLimits()
    limits.activeRequestCountMax = 1
    try await with(way, [.silence, ScriptedServer.ok("free")], limits: limits) { server, transport in
      let request = TransportRequest(method: "GET", url: server.url)
      let inFlight = EventLoop.shared.start { try await transport.send(request) }
      await server.hasSeen(1)
      let waiting = EventLoop.shared.start { try await transport.send(request) }
      let last = EventLoop.shared.start { try await transport.send(request) }
      while transport.waitingRequestCount < 2 { await Task.yield() }
      waiting.cancel()
      await #expect(throws: TransportError.cancelled) { try await waiting.value }
      inFlight.cancel()
      await #expect(throws: TransportError.cancelled) { try await inFlight.value }
      let response = try await last.value
      #expect(response.body == Array("free".utf8))
    }
  }

  @Test("a task that is cancelled already sends nothing that stays", arguments: Way.allCases)
  func cancelledBefore(way: Way) async throws {
    try await with(way, [.silence]) { server, transport in
      let url = server.url
      let task = EventLoop.shared.start {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await transport.send(TransportRequest(method: "GET", url: url))
      }
      await #expect(throws: TransportError.cancelled) { try await task.value }
      #expect(transport.activeRequestCount == 0)
    }
  }

  @Test("beyond its bound the queue refuses at once", arguments: Way.allCases)
  func overload(way: Way) async throws {
    var limits = TransportLimits()
    limits.activeRequestCountMax = 1
    limits.waitingRequestCountMax = 1
    try await with(way, [.silence], limits: limits) { server, transport in
      let request = TransportRequest(method: "GET", url: server.url)
      let tasks = (0..<2).map { _ in EventLoop.shared.start { try await transport.send(request) } }
      await server.hasSeen(1)
      await #expect(throws: TransportError.overloaded) { try await transport.send(request) }
      transport.shutdown()
      for task in tasks { await #expect(throws: TransportError.shutDown) { try await task.value } }
      await #expect(throws: TransportError.shutDown) { try await transport.send(request) }
    }
  }

  @Test("many requests at once share few connections and all end", arguments: Way.allCases)
  func concurrency(way: Way) async throws {
    var limits = TransportLimits()
    limits.activeRequestCountMax = 8
    try await with(way, Array(repeating: ScriptedServer.ok("y"), count: 500), limits: limits) { server, transport in
      let request = TransportRequest(method: "PUT", url: server.url, body: .bytes(testBytes(40_000)))
      let tasks = (0..<500).map { _ in EventLoop.shared.start { try await transport.send(request).status } }
      for task in tasks {
        let status = try await task.value
        #expect(status == 200)
      }
      #expect(server.connectionCount <= 8)
      #expect(server.requests.count == 500)
    }
  }

  @Test("a connection that nobody uses is closed when it is too old")
  func idleAge() async throws {
    var limits = TransportLimits()
    limits.idleConnectionAgeMax = .milliseconds(20)
    try await with(.direct, Array(repeating: ScriptedServer.ok(), count: 2), limits: limits) { server, transport in
      for count in 1...2 {
        _ = try await transport.send(TransportRequest(method: "GET", url: server.url))
        #expect(server.connectionCount == count)
        while transport.openSocketCount > 0 { try await sleep(for: .milliseconds(5)) }
      }
    }
  }

  @Test("an answer that comes before the body has gone ends the request and the connection", arguments: Way.allCases)
  func earlyAnswer(way: Way) async throws {
    let refusal = ScriptedServer.Reply.atHead("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
    try await with(way, [refusal, ScriptedServer.ok("next")]) { server, transport in
      let source = TestSource(testBytes(100_000))
      source.hangOffset = 50_000
      let response = try await transport.send(
        TransportRequest(method: "PUT", url: server.url, body: .source(source, byteCount: 100_000)))
      #expect(response.status == 403 && response.body == Array("no".utf8))
      let next = try await transport.send(TransportRequest(method: "GET", url: server.url))
      #expect(next.body == Array("next".utf8))
      #expect(server.connectionCount == 2)
    }
  }

  @Test("nothing is left on the loop after a shutdown", arguments: Way.allCases)
  func leaks(way: Way) async throws {
    try await onLoop {
      let server = try ScriptedServer([ScriptedServer.ok(), .silence])
      let transport = Transport(usesProxies: way == .proxied)
      _ = try await transport.send(TransportRequest(method: "GET", url: server.url))
      let url = server.url
      let pending = EventLoop.shared.start { try await transport.send(TransportRequest(method: "GET", url: url)) }
      await server.hasSeen(2)
      transport.shutdown()
      await #expect(throws: TransportError.shutDown) { try await pending.value }
      #expect(transport.openSocketCount == 0)
      server.close()
    }
  }
}
