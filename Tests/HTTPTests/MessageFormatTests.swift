import HTTP
import Testing

/// RFC 9112 §2: Message.
@Suite("RFC 9112 §2 Message")
struct MessageFormatTests {
  /// §2.2: "A sender MUST NOT generate a bare CR"; "a recipient MAY recognize a single LF as a line terminator", which
  /// we do not: a proxy that sees another line than we do is how requests are smuggled.
  @Test(
    "a bare CR, a bare LF or a control character in a head is refused",
    arguments: [
      "GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{7F}b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{8}b\r\n\r\n", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "\u{16}\u{3}\u{1}\u{2}",
    ])
  func strayControls(request: String) async throws {
    try await withServer { _, address async throws in
      let client = try RawClient(address)
      try client.send(request)
      let response = try client.response()
      #expect(response.status == 400)
      #expect(response.closes)
      #expect(try response.code == "malformed-request")
      #expect(try client.ends())
    }
  }

  /// §2.2: "A recipient that receives whitespace between the start-line and the first header field MUST either reject the
  /// message as invalid or consume each whitespace-preceded line".
  @Test("white space before the first field is refused")
  func whitespaceAfterRequestLine() async throws {
    try await withServer { _, address async throws in
      #expect(try exchange(address, "GET / HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n").status == 400)
    }
  }

  /// §2.2: "a server that is expecting to receive and parse a request-line SHOULD ignore at least one empty line (CRLF)
  /// received prior to the request-line."
  @Test("empty lines before a request are skipped, on a new connection and on a kept one")
  func leadingEmptyLines() async throws {
    try await withServer { _, address async throws in
      let client = try RawClient(address)
      for _ in 0..<2 {
        try client.send("\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try client.response().text == "GET\n/a\n-\nh\n")
      }
    }
  }

  /// §2.3: HTTP-version is case-sensitive, "HTTP/" DIGIT "." DIGIT; RFC 9110 §15.6.6: 505.
  @Test(
    "only HTTP/1.0 and HTTP/1.1 are served",
    arguments: [
      ("HTTP/2.0", 505), ("HTTP/0.9", 505), ("HTTP/1.2", 505), ("HTTP/3.0", 505), ("http/1.1", 400), ("HTTP/1", 400),
      ("HTTP/1.10", 400), ("HTTP/11", 400), ("RTSP/1.0", 400), ("ICE/1.0", 400), ("HTTP/1.1 ", 400), ("", 400),
    ])
  func versions(version: String, status: Int) async throws {
    try await withServer { _, address async throws in
      let response = try exchange(address, "GET / \(version)\r\nHost: a\r\n\r\n")
      #expect(response.status == status)
      #expect(response.closes)
    }
  }

  @Test("HTTP/0.9's request line without a version is refused")
  func simpleRequest() async throws {
    try await withServer { _, address async throws in
      #expect(try exchange(address, "GET /\r\nHost: a\r\n\r\n").status == 400)
    }
  }

  @Test("the preface of HTTP/2 is told that this is HTTP/1.1")
  func http2Preface() async throws {
    try await withServer { _, address async throws in
      #expect(try exchange(address, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status == 505)
    }
  }

  @Test("a request cut at every byte, body and next request and all, is the same request")
  func everySplit() async throws {
    let first = "POST /p?q HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
    let bytes = Array((first + "GET /n HTTP/1.1\r\nHost: h\r\n\r\n").utf8)
    try await withServer { _, address async throws in
      for cut in 1..<bytes.count {
        let client = try RawClient(address)
        try client.send(bytes[..<cut])
        try client.send(bytes[cut...])
        #expect(try client.response().text == "POST\n/p\nq\nh\nhello", "cut at \(cut)")
        #expect(try client.response().text == "GET\n/n\n-\nh\n", "cut at \(cut)")
      }
      let client = try RawClient(address)
      for byte in bytes { try client.send([byte]) }
      #expect(try client.response().text == "POST\n/p\nq\nh\nhello")
      #expect(try client.response().text == "GET\n/n\n-\nh\n")
    }
  }
}
