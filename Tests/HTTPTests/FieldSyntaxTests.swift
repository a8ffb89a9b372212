import EventLoop
import HTTP
import Testing

/// RFC 9112 §5: Field Syntax.
@Suite("RFC 9112 §5 Field syntax")
struct FieldSyntaxTests {
  /// §5.1: "No whitespace is allowed between the field name and colon. […] A server MUST reject, with a response status code
  /// of 400 (Bad Request), any received request message that contains whitespace between a header field name and colon."
  /// §5.2: "A server that receives an obs-fold in a request message that is not within a "message/http" container MUST
  /// either reject the message by sending a 400 (Bad Request) […] or replace".
  @Test(
    "white space before the colon, folding, and lines that are no fields are refused",
    arguments: [
      "X : y", "X\t: y", "X: a\r\n b", "X: a\r\n\tb", "X: a\r\n \r\nY: z", ": y", "X", "X y: z", "X(: y", "\u{E9}: y",
    ])
  func malformedFields(field: String) async throws {
    try await withServer { _, address async throws in
      #expect(try exchange(address, "GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n").status == 400)
    }
  }

  /// §5.1: "A field line value might be preceded and/or followed by optional whitespace"; it "is excluded by parsers".
  @Test("blanks around a value are dropped, those within stay, names have no case")
  func values() async throws {
    try await TestServer { request, writer in
      let headers = request.head.headers
      let values = headers.all("x-a").map { "[\($0)]" }.joined()
      writer.send(HTTPResponse(text: values + "\(headers["X-NONE"] ?? "none")" + (headers["x-empty"] ?? "missing")))
    }.run { _, address async throws in
      let fields = "X-A: \t one  two \t\r\nx-a:three\r\nX-Empty:\r\nX-a: \u{E9}\r\n"
      let response = try exchange(address, "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
      #expect(response.text == "[one  two][three][\u{E9}]none")
    }
  }

  /// §5.4 of RFC 9110: "A server that receives a request header field line, field value, or set of fields larger than it
  /// wishes to process MUST respond with an appropriate 4xx"; RFC 6585 §5: 431.
  @Test("a head over its limit is 431, with a problem to read")
  func headSize() async throws {
    try await withServer { _, address async throws in
      let value = String(repeating: "a", count: 64 * 1024)
      let client = try RawClient(address)
      try client.send("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)\r\n\r\n")
      let response = try client.response()
      #expect(response.status == 431)
      #expect(try response.code == "head-too-large")
      #expect(try response.problem["type"] as? String == "about:blank")
      #expect(try response.problem["status"] as? Int == 431)
      #expect(try client.ends())
    }
  }

  @Test("a head may be as large as its limit, not a byte larger")
  func headSizeExactly() async throws {
    var limits = testLimits
    limits.headByteCountMax = 200
    try await withServer(limits) { _, address async throws in
      let frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n"
      func head(_ byteCount: Int) -> String {
        frame.replacing("X: ", with: "X: " + String(repeating: "a", count: byteCount - frame.utf8.count))
      }
      #expect(head(200).utf8.count == 200)
      #expect(try exchange(address, head(200)).status == 200)
      #expect(try exchange(address, head(201)).status == 431)
    }
  }

  @Test("there may be as many fields as the limit says, not one more")
  func headerCount() async throws {
    try await withServer { _, address async throws in
      func request(_ count: Int) -> String {
        "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: count - 1) + "\r\n"
      }
      #expect(try exchange(address, request(testLimits.headerCountMax)).status == 200)
      #expect(try exchange(address, request(testLimits.headerCountMax + 1)).status == 431)
    }
  }
}
