import EventLoop
import HTTP
import Testing

/// RFC 9112 §7: Transfer Codings.
@Suite("RFC 9112 §7 Chunked bodies")
struct ChunkedTests {
  private static let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
  private static let answer = "POST\n/\n-\na\n"

  /// §7.1: "A recipient MUST be able to parse and decode the chunked transfer coding." §7.1.1: "A recipient MUST ignore
  /// unrecognized chunk extensions." §7.1.2: trailers "MAY" be discarded.
  @Test(
    "chunks are decoded, extensions and trailers passed over",
    arguments: [
      ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"),
      ("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"),
      ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("a\r\n0123456789\r\n00\r\n\r\n", "0123456789"),
      ("000005\r\nhello\r\n0\r\n\r\n", "hello"), ("5;c;d=\"e f\"\r\nhello\r\n0;x\r\n\r\n", "hello"),
      ("5\r\nhello\r\n0\r\nX-Trailer: y\r\nHost: b\r\n\r\n", "hello"),
      ("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
    ])
  func decoding(coded: String, body: String) async throws {
    try await withServer { _, address async throws in
      let client = try RawClient(address)
      try client.send(Self.head + coded + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().text == Self.answer + body)
      #expect(try client.response().text == "GET\n/next\n-\na\n")
    }
  }

  @Test("a chunked body cut at every byte is the same body")
  func everySplit() async throws {
    try await withServer { _, address async throws in
      let bytes = Array(
        (Self.head + "5;a=\"b\"\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nX: y\r\n\r\n").utf8)
      let expected = Self.answer + "hello0123456789abcdef"
      let client = try RawClient(address)
      for cut in 1..<bytes.count {
        try client.send(bytes[..<cut])
        try client.send(bytes[cut...])
        #expect(try client.response().text == expected, "cut at \(cut)")
      }
      for byte in bytes { try client.send([byte]) }
      #expect(try client.response().text == expected)
    }
  }

  /// §7.1: chunk-size = 1*HEXDIG; "A recipient MUST […] prevent parsing errors due to integer conversion overflows or
  /// precision loss due to integer representation."
  @Test(
    "bad chunk sizes and framing end the body as malformed",
    arguments: [
      "\r\nhello\r\n0\r\n\r\n", "x\r\nhello", "-5\r\nhello", "+5\r\nhello", "0x5\r\nhello", "5 \r\nhello\r\n",
      " 5\r\nhello\r\n",
      "5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhelloo\r\n0\r\n\r\n",
      "5\rhello\r\n0\r\n\r\n", "5;a\nhello\r\n0\r\n\r\n", "5;a=\"b\nc\"\r\nhello", "FFFFFFFFFFFFFFFFF\r\n",
      "10000000000000000\r\n", "5;\u{0}\r\nhello\r\n", "0\r\nX: y\n\r\n", "0\r\nX: y\r\n z\r\n\r\n",
      "0\r\n X: y\r\n\r\n",
      "0\r\nX : y\r\n\r\n", "0\r\nTransfer-Encoding: x\r\n\r\n", "0\n\r\n", "0\r\n\n",
    ])
  func malformed(coded: String) async throws {
    try await withServer { _, address async throws in
      let client = try RawClient(address)
      try client.send(Self.head + coded)
      client.shutdownWrite()
      let response = try client.response()
      #expect(response.status == 400)
      #expect(try response.code == "malformed-body")
      #expect(response.closes)
      #expect(try client.ends())
    }
  }

  /// §7.1.1: "A server ought to limit the total length of chunk extensions received".
  @Test("extensions and trailers beyond their bound end the body", arguments: ["extension", "trailers", "many"])
  func overhead(kind: String) async throws {
    let bound = testLimits.chunkOverheadByteCountMax
    let coded =
      switch kind {
      case "extension": "5;a=" + String(repeating: "b", count: bound) + "\r\nhello\r\n0\r\n\r\n"
      case "trailers": "0\r\n" + String(repeating: "X: yyyyyyyyyyyyyyyy\r\n", count: bound / 16) + "\r\n"
      default:
        String(repeating: "1;a=" + String(repeating: "b", count: 100) + "\r\nx\r\n", count: bound / 80) + "0\r\n\r\n"
      }
    try await withServer { _, address async throws in
      #expect(try exchange(address, Self.head + coded).status == 400)
    }
  }

  @Test("many small chunks without extensions are no overhead")
  func smallChunks() async throws {
    try await withServer { _, address async throws in
      let coded = String(repeating: "1\r\nx\r\n", count: 20000) + "0\r\n\r\n"
      #expect(try exchange(address, Self.head + coded).text == Self.answer + String(repeating: "x", count: 20000))
    }
  }
}
