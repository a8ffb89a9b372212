import HTTP
import Testing

/// RFC 9110 §10.1.1: Expect.
@Suite("RFC 9110 §10.1.1 Expect")
struct ExpectContinueTests {
  private static let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n"

  @Test("the body is asked for when somebody wants it")
  func asked() async throws {
    try await withServer { _, address async throws in
      let client = try RawClient(address)
      for _ in 0..<2 {
        try client.send(Self.head)
        #expect(try client.response().status == 100)
        try client.send("hello")
        #expect(try client.response().text == "POST\n/\n-\na\nhello")
      }
    }
  }

  /// "A server MAY omit sending a 100 (Continue) response if it has already received some or all of the content for the
  /// corresponding request".
  @Test("a client that did not wait is not asked")
  func notWaited() async throws {
    try await withServer { _, address async throws in
      #expect(try exchange(address, Self.head + "hello").text == "POST\n/\n-\na\nhello")
    }
  }

  /// "A server that responds with a final status code instead of reading the entire request content SHOULD indicate whether
  /// it intends to close the connection or continue reading the request content."
  @Test("a final answer instead of 100 ends the connection: whether a body follows is not known")
  func refused() async throws {
    try await TestServer { _, writer in writer.send(Problem(.forbidden)) }.run { _, address async throws in
      let client = try RawClient(address)
      try client.send(Self.head)
      let response = try client.response()
      #expect(response.status == 403)
      #expect(response.closes)
      #expect(try client.ends())
    }
  }

  /// "A server that receives an Expect field value containing a member other than 100-continue MAY respond with a 417".
  @Test("other expectations fail")
  func unknown() async throws {
    try await withServer { _, address async throws in
      #expect(try exchange(address, "GET / HTTP/1.1\r\nHost: a\r\nExpect: coffee\r\n\r\n").status == 417)
    }
  }

  /// "A server that receives a 100-continue expectation in an HTTP/1.0 request MUST ignore that expectation."
  @Test("HTTP/1.0 and requests without a body are not asked")
  func ignored() async throws {
    try await withServer { _, address async throws in
      let old = "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
      let client = try RawClient(address)
      try client.send(old)
      try client.send("hello")
      #expect(try client.response().status == 200)
      #expect(try exchange(address, "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").status == 200)
    }
  }
}
