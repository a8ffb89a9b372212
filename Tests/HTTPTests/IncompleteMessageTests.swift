import EventLoop
import HTTP
import TestSupport
import Testing

/// RFC 9112 §8: Handling Incomplete Messages.
@Suite("RFC 9112 §8 Incomplete messages")
struct IncompleteMessageTests {
  /// §8: "A server that receives an incomplete request message, usually due to a canceled request or a triggered timeout
  /// exception, MAY send an error response prior to closing the connection."
  @Test("a head that ends early is 400, nothing at all is nothing")
  func headEndsEarly() async throws {
    try await withServer { _, address async throws in
      let client = try RawClient(address)
      try client.send("GET / HTTP/1.1\r\nHo")
      client.shutdownWrite()
      #expect(try client.response().status == 400)
      #expect(try client.ends())
      let silent = try RawClient(address)
      silent.shutdownWrite()
      #expect(try silent.ends())
    }
  }

  @Test(
    "a body that ends early reaches the handler as disconnected, and the answer still reaches the client",
    arguments: [
      "Content-Length: 10\r\n\r\n12345", "Transfer-Encoding: chunked\r\n\r\n5\r\n123", "Content-Length: 1\r\n\r\n",
    ])
  func bodyEndsEarly(rest: String) async throws {
    let errors = Events<RequestBodyError?>()
    try await TestServer { request, writer in
      do throws(RequestBodyError) {
        _ = try await request.body.collect(upTo: 100)
        errors.report(nil)
      } catch { errors.report(error) }
      writer.send(HTTPResponse(text: "late"))
    }.run { _, address async throws in
      let client = try RawClient(address)
      try client.send("POST / HTTP/1.1\r\nHost: a\r\n" + rest)
      client.shutdownWrite()
      #expect(await errors.next() == .disconnected)
      let response = try client.response()
      #expect(response.text == "late")
      #expect(response.closes)
      #expect(try client.ends())
    }
  }

  @Test("a body that has ended early before anybody reads it is disconnected too")
  func bodyEndsBeforeItIsRead() async throws {
    let errors = Events<RequestBodyError?>()
    try await TestServer { request, writer in
      // Until the client's FIN cancels it; by then what there is of the body is held.
      try? await sleep(for: .seconds(600))
      do throws(RequestBodyError) {
        _ = try await request.body.collect(upTo: 100)
        errors.report(nil)
      } catch { errors.report(error) }
      writer.send(HTTPResponse(text: "late"))
    }.run { _, address async throws in
      for part in ["", "12345"] {
        let client = try RawClient(address)
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n" + part)
        client.shutdownWrite()
        #expect(await errors.next() == .disconnected)
        #expect(try client.response().text == "late")
      }
    }
  }

  @Test("a reset in the middle of a body reaches the handler as disconnected")
  func reset() async throws {
    let errors = Events<RequestBodyError?>()
    let begun = Events<Void>()
    try await TestServer { request, writer in
      begun.report(())
      do throws(RequestBodyError) {
        _ = try await request.body.collect(upTo: 100)
        errors.report(nil)
      } catch { errors.report(error) }
    }.run { _, address async throws in
      let client = try RawClient(address)
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
      await begun.next()
      client.reset()
      #expect(await errors.next() == .disconnected)
    }
  }

  @Test("a client that leaves cancels the handler, and its answer is still written")
  func cancellation() async throws {
    let begun = Events<Void>()
    try await TestServer { _, writer in
      begun.report(())
      do {
        try await sleep(for: .seconds(600))
        writer.send(HTTPResponse(text: "slept"))
      } catch {
        writer.send(HTTPResponse(text: "cancelled"))
      }
    }.run { _, address async throws in
      let client = try RawClient(address)
      try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      await begun.next()
      client.shutdownWrite()
      #expect(try client.response().text == "cancelled")
      #expect(try client.ends())
    }
  }

  /// §8: "If the chunked transfer coding is used, the message is incomplete if the zero-sized chunk has not been received."
  @Test("an answer that is dropped or shorter than declared is never taken for whole")
  func incompleteResponses() async throws {
    try await TestServer { request, writer in
      let body = writer.begin(.ok, contentLength: request.head.path == "/short" ? 10 : nil)
      try? await body.write(Array("12345".utf8))
      if request.head.path == "/short" { body.finish() }
    }.run { _, address async throws in
      for path in ["/short", "/dropped"] {
        // ECONNRESET
        #expect(throws: RawClient.Failure.system("recv", 104)) {
          try exchange(address, "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        }
      }
    }
  }
}
