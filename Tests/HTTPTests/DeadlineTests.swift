import EventLoop
import HTTP
import TestSupport
import Testing

/// Every time bound of `HTTPLimits`, walked into. (RFC 9112 §9.5: "Servers will usually have some timeout value beyond which
/// they will no longer maintain an inactive connection.")
@Suite("Deadlines")
struct DeadlineTests {
  @Test("a head that drips is 408, however steadily")
  func slowHead() async throws {
    var limits = testLimits
    limits.headDuration = .milliseconds(500)
    try await withServer(limits) { _, address async throws in
      let client = try RawClient(address)
      try client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ")
      let response = try client.response()
      #expect(response.status == 408)
      #expect(try response.code == "head-too-slow")
      #expect(try client.ends())
    }
  }

  @Test("a connection on which nothing is ever said is closed without a word")
  func silence() async throws {
    var limits = testLimits
    limits.headDuration = .milliseconds(20)
    try await withServer(limits) { _, address async throws in
      #expect(try RawClient(address).ends())
    }
  }

  @Test("a kept connection is closed when it has been idle")
  func idle() async throws {
    var limits = testLimits
    limits.idleDuration = .milliseconds(50)
    try await withServer(limits) { _, address async throws in
      let client = try RawClient(address)
      try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().status == 200)
      #expect(try client.ends())
    }
  }

  @Test("a body that stops coming is 408")
  func stalledBody() async throws {
    var limits = testLimits
    limits.bodyRateWindow = .milliseconds(50)
    try await withServer(limits) { _, address async throws in
      let client = try RawClient(address)
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123")
      let response = try client.response()
      #expect(response.status == 408)
      #expect(try response.code == "body-too-slow")
      #expect(response.closes)
      #expect(try client.ends())
    }
  }

  @Test("a body that drips below the least rate is 408 although it never stops")
  func drippingBody() async throws {
    var limits = testLimits
    limits.bodyRateWindow = .milliseconds(100)
    limits.bodyRateMin = 10_000
    try await withServer(limits) { _, address async throws in
      let client = try RawClient(address)
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
      var dripCount = 0
      while dripCount < 2000, !client.isReadable(withinMilliseconds: 5) {
        try client.send("x")
        dripCount += 1
      }
      #expect(dripCount < 2000)
      #expect(try client.response().status == 408)
    }
  }

  @Test("a body that comes above the least rate may take longer than a request may")
  func slowBody() async throws {
    var limits = testLimits
    limits.requestDuration = .milliseconds(100)
    limits.bodyRateMin = 1
    try await withServer(limits) { _, address async throws in
      let client = try RawClient(address)
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
      for _ in 0..<100 {
        // Half a second at least, and five times what a handler may take.
        #expect(!client.isReadable(withinMilliseconds: 5))
        try client.send("x")
      }
      #expect(try client.response().status == 200)
    }
  }

  @Test("no deadline runs against a client whose body the sink has paused")
  func pausedBody() async throws {
    var limits = testLimits
    limits.bodyRateWindow = .milliseconds(20)
    try await TestServer(limits) { request, writer in
      request.body.pause()
      EventLoop.shared.spawn {
        // Many times the deadline.
        try? await sleep(for: .milliseconds(200))
        request.body.resume()
      }
      do throws(RequestBodyError) {
        let body = try await request.body.collect(upTo: 100)
        writer.send(HTTPResponse(status: .ok, body: body))
      } catch { writer.send(Problem(error)) }
    }.run { _, address async throws in
      #expect(try exchange(address, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd").text == "abcd")
    }
  }

  @Test("a handler that takes too long is cancelled, and its client gets 503")
  func slowHandler() async throws {
    var limits = testLimits
    limits.requestDuration = .milliseconds(50)
    let ends = Events<Bool>()
    try await TestServer(limits) { _, writer in
      try? await sleep(for: .seconds(600))
      ends.report(Task.isCancelled)
      writer.send(HTTPResponse(text: "too late"))
    }.run { _, address async throws in
      let client = try RawClient(address)
      try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      let response = try client.response()
      #expect(response.status == 503)
      #expect(try response.code == "request-too-long")
      #expect(await ends.next() == true)
      #expect(try client.ends())
    }
  }

  @Test("a client that does not read its answer is cut, and the handler learns of it")
  func writeStall() async throws {
    var limits = testLimits
    limits.writeStallDuration = .milliseconds(100)
    let errors = Events<(error: RequestBodyError?, byteCount: Int)>()
    try await TestServer(limits) { _, writer in
      let body = writer.begin(.ok, contentLength: nil)
      var byteCount = 0
      do throws(RequestBodyError) {
        for _ in 0..<100_000 {
          try await body.write([UInt8](repeating: 0x61, count: 64 * 1024))
          byteCount += 64 * 1024
        }
        errors.report((nil, byteCount))
      } catch { errors.report((error, byteCount)) }
    }.run { server, address async throws in
      let client = try RawClient(address, receiveBufferByteCount: 4096)
      try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      let end = try #require(await errors.next())
      #expect(end.error == .disconnected)
      // What the kernel holds and what the high-water mark allows, out of the 6 GB it would have written.
      #expect(end.byteCount < 32 << 20)
      #expect(try await onLoop { server.connectionCount } == 0)
      client.close()
    }
  }
}
