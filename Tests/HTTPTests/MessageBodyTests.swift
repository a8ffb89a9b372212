import EventLoop
import HTTP
import Testing

/// RFC 9112 §6: Message Body, and §11.2: Request Smuggling.
@Suite("RFC 9112 §6 Message body")
struct MessageBodyTests {
  /// §6.3: "If a message is received with both a Transfer-Encoding and a Content-Length header field […] Such a message
  /// might indicate an attempt to perform request smuggling (Section 11.2) […] and ought to be handled as an error." "If
  /// a message is received without Transfer-Encoding and with an invalid Content-Length header field […] the server MUST
  /// respond with a 400 (Bad Request) status code and then close the connection." "If a Transfer-Encoding header field is
  /// present in a request and the chunked transfer coding is not the final encoding […] the server MUST respond with the
  /// 400 (Bad Request) status code and then close the connection."
  @Test(
    "framing that two parsers could read in two ways is refused, and nothing after it is served",
    arguments: [
      "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
      "Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5\r\ncontent-length: 6", "Content-Length: 5, 5",
      "Content-Length: +5", "Content-Length: -5", "Content-Length: 0x5", "Content-Length: 5 5", "Content-Length:",
      "Content-Length: 5.0", "Content-Length: 99999999999999999999", "Content-Length: 18446744073709551616",
      "Content-Length: 9223372036854775808",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked, chunked",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer-Encoding: identity",
      "Transfer-Encoding: chunked, identity", "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked;q=1",
      "Transfer-Encoding: \u{B}chunked", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding:",
      "Transfer-Encoding: gzip",
      "Transfer-Encoding : chunked", "Transfer-Encoding\r\n : chunked", "X: y\r\n Transfer-Encoding: chunked",
      "Transfer-Encoding: ,chunked",
    ])
  func smuggling(fields: String) async throws {
    try await withServer { server, address async throws in
      let client = try RawClient(address)
      try client.send(
        "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
      let response = try client.response()
      #expect(response.status == 400)
      #expect(response.closes)
      #expect(try client.ends())
    }
  }

  /// §6.1: "A server that receives a request message with a transfer coding it does not understand SHOULD respond with 501".
  @Test("a transfer coding before chunked is not implemented")
  func codings() async throws {
    try await withServer { _, address async throws in
      let response = try exchange(
        address, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")
      #expect(response.status == 501)
      #expect(response.closes)
    }
  }

  /// §6.1: "A server or client that receives an HTTP/1.0 message containing a Transfer-Encoding header field MUST treat the
  /// message as if the framing is faulty".
  @Test("HTTP/1.0 with Transfer-Encoding is refused")
  func oldClients() async throws {
    try await withServer { _, address async throws in
      let response = try exchange(address, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
      #expect(response.status == 400)
    }
  }

  @Test("a body of a declared length is what the handler gets, whatever the method")
  func declaredLength() async throws {
    try await withServer { _, address async throws in
      for method in ["POST", "PUT", "GET", "DELETE", "PATCH"] {
        let response = try exchange(address, "\(method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcdef")
        #expect(response.text == "\(method)\n/\n-\na\nabc")
      }
    }
  }

  /// §6.3: "If this is a request message and none of the above are true, then the message body length is zero".
  @Test("no length and no coding is no body")
  func noBody() async throws {
    try await withServer { _, address async throws in
      let client = try RawClient(address)
      try client.send("POST /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().text == "POST\n/a\n-\na\n")
      #expect(try client.response().text == "GET\n/b\n-\na\n")
    }
  }

  @Test("a declared length over the limit is 413 before a byte of the body, and the handler is not asked")
  func declaredTooLarge() async throws {
    var limits = testLimits
    limits.bodyByteCountMax = 10
    try await TestServer(limits) { _, writer in writer.send(HTTPResponse(text: "asked")) }.run {
      _, address async throws in
      let response = try exchange(address, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n")
      #expect(response.status == 413)
      #expect(try response.code == "body-too-large")
      #expect(
        try exchange(address, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789").text == "asked")
    }
  }

  @Test("a chunked body is 413 once it is over the limit")
  func chunkedTooLarge() async throws {
    var limits = testLimits
    limits.bodyByteCountMax = 10
    try await TestServer(limits) { request, writer in
      let sink = Collector()
      do throws(RequestBodyError) {
        try await request.body.stream(to: sink)
        writer.send(HTTPResponse(status: .ok, body: sink.bytes))
      } catch { writer.send(Problem(error)) }
    }.run { _, address async throws in
      let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      #expect(try exchange(address, head + "5\r\nabcde\r\n5\r\nfghij\r\n0\r\n\r\n").text == "abcdefghij")
      let client = try RawClient(address)
      try client.send(head + "5\r\nabcde\r\n6\r\nfghijk\r\n0\r\n\r\n")
      let response = try client.response()
      #expect(response.status == 413)
      #expect(response.closes)
      #expect(try client.ends())
    }
  }

  @Test("without a server's limit the handler's decides, before the body and without 100 Continue")
  func limitOfTheHandler() async throws {
    var limits = testLimits
    limits.bodyByteCountMax = nil
    try await TestServer(limits) { request, writer in
      let sink = Collector()
      do throws(RequestBodyError) {
        try await request.body.stream(to: sink, upTo: request.head.path == "/large" ? 100 : 10)
        writer.send(HTTPResponse(status: .ok, body: sink.bytes))
      } catch { writer.send(Problem(error)) }
    }.run { _, address async throws in
      let fields = "Host: a\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n"
      let refused = try exchange(address, "POST / HTTP/1.1\r\n" + fields)
      #expect(refused.status == 413)
      #expect(refused.closes)
      let client = try RawClient(address)
      try client.send("POST /large HTTP/1.1\r\n" + fields)
      #expect(try client.response().status == 100)
      try client.send("01234567890123456789")
      #expect(try client.response().text == "01234567890123456789")
    }
  }

  @Test("a sink that refuses ends the body with its error, and the connection with the answer")
  func rejectingSink() async throws {
    try await TestServer { request, writer in
      do throws(RequestBodyError) {
        try await request.body.stream(to: Rejecting())
        writer.send(HTTPResponse(text: "taken"))
      } catch { writer.send(Problem(error)) }
    }.run { _, address async throws in
      let client = try RawClient(address)
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd")
      let response = try client.response()
      #expect(try response.code == "body-rejected")
      #expect(response.closes)
      #expect(try client.ends())
    }
  }
}

@LoopActor final class Collector: RequestBodySink {
  private(set) var bytes: [UInt8] = []
  func receive(_ bytes: Span<UInt8>) { bytes.withUnsafeBufferPointer { self.bytes.append(contentsOf: $0) } }
}

@LoopActor private final class Rejecting: RequestBodySink {
  func receive(_ bytes: Span<UInt8>) throws(RequestBodyError) { throw .rejected }
}
