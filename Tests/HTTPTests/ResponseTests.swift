import EventLoop
import HTTP
import TestSupport
import Testing

/// What goes out: RFC 9112 §4, §6 and §7 from the server's side, RFC 9110 §6.4.1, §8.6, §9.3.2.
@Suite("Responses")
struct ResponseTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  @Test("a response has a status line, a date, a length, and the handler's fields in their order")
  func wholeResponse() async throws {
    try await TestServer { _, writer in
      writer.send(HTTPResponse(status: .created, headers: ["X-B": "1", "X-A": "2", "X-b": "3"], body: [0, 255]))
    }.run { _, address async throws in
      let response = try exchange(address, Self.get)
      #expect(response.status == 201)
      #expect(response.reason == "Created")
      #expect(response.headers.map(\.name) == ["X-B", "X-A", "X-b", "Date", "Content-Length"])
      #expect(response.body == [0, 255])
      #expect(response["date"].flatMap { HTTPDate(parsing: $0) } != nil)
    }
  }

  @Test("bodies of all sizes come whole, joined to their head or not")
  func sizes() async throws {
    try await TestServer { request, writer in
      let count = request.head.query.flatMap { Int($0) } ?? 0
      writer.send(HTTPResponse(status: .ok, body: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }))
    }.run { _, address async throws in
      let client = try RawClient(address)
      for count in [0, 1, 32 * 1024, 32 * 1024 + 1, 5_000_000] {
        try client.send("GET /?\(count) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response().body == (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) })
      }
    }
  }

  /// RFC 9110 §9.3.2: "The HEAD method is identical to GET except that the server MUST NOT send content in the response."
  @Test("HEAD gets the head of GET and no body, and the connection goes on")
  func head() async throws {
    try await TestServer { request, writer in
      switch request.head.path {
      case "/whole": writer.send(HTTPResponse(text: "hello"))
      case "/known": writer.send(HTTPResponse(status: .ok, headers: ["Content-Length": "123456789012"]))
      case "/stream":
        let body = writer.begin(.ok, contentLength: 7)
        try? await body.write(Array("abcdefg".utf8))
        body.finish()
      case "/length": writer.begin(.ok, contentLength: 99).finish()
      default:
        let body = writer.begin(.ok, contentLength: nil)
        try? await body.write(Array("abc".utf8))
        body.finish()
      }
    }.run { _, address async throws in
      let client = try RawClient(address)
      for (path, length) in [
        ("/whole", "5"), ("/known", "123456789012"), ("/stream", "7"), ("/length", "99"), ("/unknown", nil),
      ] as [(String, String?)] {
        try client.send("HEAD \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        let response = try client.response(isHead: true)
        #expect(response["content-length"] == length)
        #expect(!response.closes)
      }
      try client.send("GET /whole HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().text == "hello")
    }
  }

  /// RFC 9110 §8.6: "A server MUST NOT send a Content-Length header field in any response with a status code of 1xx or 204";
  /// §15.4.5: a 304 has no content.
  @Test("204 and 304 have no body, whatever the handler gave")
  func statusesWithoutContent() async throws {
    try await TestServer { request, writer in
      switch request.head.path {
      case "/204": writer.send(HTTPResponse(status: .noContent, headers: ["Content-Length": "3"], body: [1, 2, 3]))
      case "/304": writer.send(HTTPResponse(status: .notModified, headers: ["ETag": "\"a\""]))
      case "/304-length": writer.send(HTTPResponse(status: .notModified, headers: ["Content-Length": "42"]))
      default:
        let body = writer.begin(.noContent, contentLength: nil)
        try? await body.write([1, 2, 3])
        body.finish()
      }
    }.run { _, address async throws in
      let client = try RawClient(address)
      for (path, status, length) in [
        ("/204", 204, nil), ("/304", 304, nil), ("/304-length", 304, "42"), ("/begun", 204, nil),
      ] as [(String, Int, String?)] {
        try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        let response = try client.response()
        #expect(response.status == status)
        #expect(response["content-length"] == length)
        #expect(response["transfer-encoding"] == nil)
      }
    }
  }

  /// RFC 9112 §7.1 and §6.3: a body of unknown length is chunked, or for HTTP/1.0 ends with the connection.
  @Test("a body in pieces: declared, chunked, or until the close")
  func pieces() async throws {
    try await TestServer { request, writer in
      let body = writer.begin(.partialContent, contentLength: request.head.path == "/known" ? 6 : nil)
      for piece in ["ab", "", "cd", "ef"] { try? await body.write(Array(piece.utf8)) }
      body.finish()
    }.run { _, address async throws in
      let client = try RawClient(address)
      try client.send("GET /known HTTP/1.1\r\nHost: a\r\n\r\nGET /unknown HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().text == "abcdef")
      #expect(try client.response().chunks.map { String(decoding: $0, as: UTF8.self) } == ["ab", "cd", "ef"])
      let old = try exchange(address, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      #expect(old.text == "abcdef")
      #expect(old.closes)
      #expect(old["transfer-encoding"] == nil)
    }
  }

  @Test("bytes beyond the declared length are not sent")
  func excess() async throws {
    try await TestServer { _, writer in
      let body = writer.begin(.ok, contentLength: 3)
      try? await body.write(Array("abcdef".utf8))
      try? await body.write(Array("ghi".utf8))
      body.finish()
    }.run { _, address async throws in
      let client = try RawClient(address)
      for _ in 0..<2 {
        try client.send(Self.get)
        #expect(try client.response().text == "abc")
      }
    }
  }

  @Test("a writer that is dropped answers 500, and the connection goes on")
  func droppedWriter() async throws {
    try await TestServer { _, _ in }.run { _, address async throws in
      let client = try RawClient(address)
      for _ in 0..<2 {
        try client.send(Self.get)
        let response = try client.response()
        #expect(response.status == 500)
        #expect(try response.code == "no-answer")
      }
    }
  }

  @Test("a writer may be kept and used after the handler has returned")
  func keptWriter() async throws {
    let gate = Gate()
    try await TestServer { request, writer in
      guard request.head.path == "/kept" else { return writer.send(HTTPResponse(text: "next")) }
      let box = WriterBox(writer)
      EventLoop.shared.spawn {
        await gate.pass()
        box.send("kept")
      }
    }.run { _, address async throws in
      let client = try RawClient(address)
      try client.send("GET /kept HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
      try await onLoop { gate.open() }
      #expect(try client.response().text == "kept")
      #expect(try client.response().text == "next")
    }
  }

  /// RFC 9110 §5.5: CR, LF and NUL in a value are invalid and dangerous.
  @Test("no header can break out of its line, and none can change the framing")
  func injection() async throws {
    try await TestServer { _, writer in
      var headers: HTTPHeaders = [
        "X-Name": "a\r\nSet-Cookie: x", "Content-Length": "99", "Transfer-Encoding": "chunked",
      ]
      headers.add("Bad\r\nName", "x")
      headers.add("Bad Name", "x")
      headers.add("", "x")
      headers.add("X-Nul", "\r\n a\u{0}b \r\n")
      writer.send(HTTPResponse(status: .ok, headers: headers, body: Array("ok".utf8)))
    }.run { _, address async throws in
      let response = try exchange(address, Self.get)
      #expect(response.headers.map(\.name) == ["X-Name", "X-Nul", "Date", "Content-Length"])
      #expect(response["x-name"] == "a  Set-Cookie: x")
      #expect(response["x-nul"] == "a b")
      #expect(response.text == "ok")
    }
  }

  @Test("a long answer to a slow client comes whole")
  func backPressure() async throws {
    let total = 64 << 20
    let piece = 64 * 1024
    let written = Events<Int>()
    try await TestServer { _, writer in
      let body = writer.begin(.ok, contentLength: total)
      var count = 0
      do throws(RequestBodyError) {
        while count < total {
          try await body.write([UInt8](repeating: 0x61, count: piece))
          count += piece
        }
        body.finish()
      } catch { Issue.record("the client was there") }
      written.report(count)
    }.run { _, address async throws in
      let client = try RawClient(address, receiveBufferByteCount: 64 * 1024)
      try client.send(Self.get)
      #expect(try client.response().body.count == total)
      #expect(await written.next() == total)
    }
  }

  @Test("a paused body closes the client's window, and resuming opens it")
  func requestBackPressure() async throws {
    let total = 64 << 20
    let gate = Gate()
    let sinks = Events<CountingSink>()
    var limits = testLimits
    limits.bodyByteCountMax = nil
    try await TestServer(limits) { request, writer in
      let sink = CountingSink(pausing: request.body)
      sinks.report(sink)
      EventLoop.shared.spawn {
        await gate.pass()
        sink.isPausing = false
        request.body.resume()
      }
      try? await request.body.stream(to: sink)
      writer.send(HTTPResponse(text: "\(sink.count)"))
    }.run { _, address async throws in
      let client = try RawClient(address)
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
      let sink = try #require(await sinks.next())
      let bytes = [UInt8](repeating: 0x61, count: 1 << 20)
      var sent = try client.sendUntilBlocked(bytes, upTo: total)
      #expect(sent < total)
      // One read after the pause at most.
      #expect(try await onLoop { sink.count } <= 128 * 1024)
      try await onLoop { gate.open() }
      while sent < total {
        let rest = min(bytes.count, total - sent)
        try client.send(bytes[..<rest])
        sent += rest
      }
      #expect(try client.response().text == "\(total)")
    }
  }
}

@LoopActor private final class WriterBox {
  private var writer: ResponseWriter?
  init(_ writer: consuming ResponseWriter) { self.writer = consume writer }
  func send(_ text: String) { writer.take()?.send(HTTPResponse(text: text)) }
}

/// Counts, and pauses at the first bytes while it is told to.
@LoopActor final class CountingSink: RequestBodySink {
  private let body: RequestBody
  private(set) var count = 0
  var isPausing = true
  init(pausing body: RequestBody) { self.body = body }
  func receive(_ bytes: Span<UInt8>) {
    count += bytes.count
    if isPausing { body.pause() }
  }
}
