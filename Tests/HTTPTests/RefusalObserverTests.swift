import EventLoop
import HTTP
import TestSupport
import Testing

@Suite("Answers that are no handler's")
struct RefusalObserverTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  /// A server whose own answers say so.
  private static func server(
    _ limits: HTTPLimits = testLimits, handler: @escaping HTTPHandler = Handlers.ignoreBody
  ) -> TestServer {
    let refusals: HTTPRefusalObserver = { response, request, peer in
      var response = response
      response.headers.add("Refused", "\(request?.head.path ?? "-") of \(peer.host)")
      return response
    }
    return TestServer(limits, refusals: refusals, handler: handler)
  }

  @Test("what a handler answers is nobody else's to see")
  func handled() async throws {
    try await Self.server().run { _, address async throws in
      #expect(try exchange(address, Self.get)["refused"] == nil)
    }
  }

  @Test("what is malformed has no request, and what is refused at its head has one")
  func early() async throws {
    var limits = testLimits
    limits.bodyByteCountMax = 9
    try await Self.server(limits).run { _, address async throws in
      let malformed = try exchange(address, "GET\r\n\r\n")
      #expect(malformed.status == 400)
      #expect(malformed["refused"] == "- of 127.0.0.1")
      let large = try exchange(address, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
      #expect(large.status == 413)
      #expect(large["refused"] == "/p of 127.0.0.1")
    }
  }

  @Test("a request that was answered before has no part in what the next one on its connection is refused for")
  func pipelined() async throws {
    try await Self.server().run { _, address async throws in
      let client = try RawClient(address)
      try client.send(Self.get + "GET\r\n\r\n")
      #expect(try client.response()["refused"] == nil)
      #expect(try client.response()["refused"] == "- of 127.0.0.1")
      #expect(try client.ends())
    }
  }

  @Test("whoever was not answered in time, or at all, finds out what the client was told instead")
  func late() async throws {
    let refusals = Events<Int?>()
    var limits = testLimits
    limits.requestDuration = .milliseconds(20)
    let server = Self.server(limits) { request, writer in
      if request.head.path == "/slow" {
        try? await sleep(for: .seconds(600))
        writer.send(HTTPResponse(text: "late"))
      } else {
        _ = consume writer
      }
      refusals.report(request.refusal?.status.rawValue)
    }
    try await server.run { _, address async throws in
      let slow = try exchange(address, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(slow.status == 503)
      #expect(slow["refused"] == "/slow of 127.0.0.1")
      #expect(await refusals.next() == 503)
      let dropped = try exchange(address, Self.get)
      #expect(dropped.status == 500)
      #expect(dropped["refused"] == "/ of 127.0.0.1")
      #expect(await refusals.next() == 500)
    }
  }
}
