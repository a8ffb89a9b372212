import EventLoop
import TestSupport
import Testing

@testable import AWS

@Suite("A request's head, as it goes over the wire")
struct RequestHeadTests {
  private static func request(
    _ method: String = "GET", target: String = "/a?b", headers: [(name: String, value: String)] = [],
    body: TransportRequest.RequestBody = .none
  ) throws -> TransportRequest {
    TransportRequest(
      method: method, endpoint: try ServiceEndpoint("http://host:81"), target: target, headers: headers, body: body)
  }

  private static func text(_ request: TransportRequest) throws -> String {
    var head = RequestHead()
    try head.write(request)
    return String(decoding: head.bytes, as: UTF8.self)
  }

  @Test("request line, host, fields in their order, a length where one is expected, an empty line")
  func order() throws {
    #expect(try Self.text(Self.request()) == "GET /a?b HTTP/1.1\r\nHost: host:81\r\n\r\n")
    #expect(
      try Self.text(Self.request("PUT", headers: [("hOST", "other"), ("x-empty", ""), ("x", "é\t1")]))
        == "PUT /a?b HTTP/1.1\r\nhOST: other\r\nx-empty:\r\nx: é\t1\r\nContent-Length: 0\r\n\r\n")
    #expect(
      try Self.text(Self.request("DELETE", body: .bytes([1, 2, 3])))
        == "DELETE /a?b HTTP/1.1\r\nHost: host:81\r\nContent-Length: 3\r\n\r\n")
  }

  @Test("its memory serves the next request, larger or smaller, after a refused one too")
  func reuse() throws {
    var head = RequestHead()
    for count in [3, 400, 1, 2000] {
      let headers = (0..<count).map { (name: "Name\($0)", value: String(repeating: "v", count: $0 % 70)) }
      #expect(throws: TransportError.self) {
        try head.write(Self.request(headers: headers + [("bad", "\r\n")]))
      }
      try head.write(Self.request(headers: headers))
      let lines = headers.map { $0.value.isEmpty ? "\($0.name):\r\n" : "\($0.name): \($0.value)\r\n" }.joined()
      #expect(
        String(decoding: head.bytes, as: UTF8.self) == "GET /a?b HTTP/1.1\r\nHost: host:81\r\n" + lines + "\r\n")
    }
  }

  @Test("what would not be one head is refused")
  func refusals() throws {
    for method in ["", "GE T", "GET\r\n", "é"] {
      #expect(throws: TransportError.self) { try Self.text(Self.request(method)) }
    }
    for target in ["/a b", "/a\r\n", "/\u{7F}"] {
      #expect(throws: TransportError.self) { try Self.text(Self.request(target: target)) }
    }
    for (name, value) in [("", "a"), ("a b", "c"), ("a:", "c"), ("é", "c"), ("a", "b\r\nc: d"), ("a", "b\n")] {
      #expect(throws: TransportError.self) { try Self.text(Self.request(headers: [(name, value)])) }
    }
  }

  @Test("a field's value is refused for a line's end or NUL wherever it stands, and for nothing else", arguments: [41])
  func values(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    // What borrows in a subtraction, neighbours of the forbidden ones, and their like with the high bit set.
    let alphabet: [UInt8] = [0, 1, 9, 10, 11, 12, 13, 14, 0x1F, 0x20, 0x7F, 0x80, 0x8A, 0x8D, 0x8E, 0xFF]
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        Int.random(in: 0..<20, using: &random) > 0 ? UInt8(ascii: "a") : alphabet.randomElement(using: &random)!
      }
      let isPlain = !text.contains { $0 == 0 || $0 == 10 || $0 == 13 }
      #expect(text.withUnsafeBufferPointer { RequestHead.isFieldValue($0) } == isPlain, "\(text)")
    }
  }
}
