import Testing

@testable import LocalCloud

struct AWSChunkedDecoderTests {
  private static let signature = String(repeating: "a", count: 64)

  /// What a body decodes to when it arrives in these pieces: the payload, and all events but the data.
  private func decode(
    _ pieces: [[UInt8]], isSigned: Bool = false, hasTrailer: Bool = true
  ) throws -> (payload: [UInt8], events: [AWSChunkedDecoder.Event], isComplete: Bool) {
    var decoder = AWSChunkedDecoder(isSigned: isSigned, hasTrailer: hasTrailer)
    var payload: [UInt8] = []
    var events: [AWSChunkedDecoder.Event] = []
    for piece in pieces {
      var position = 0
      while let event = try decoder.next(in: piece.span, at: &position) {
        if case .data(let range) = event { payload += piece[range] } else { events.append(event) }
      }
      #expect(position == piece.count)
    }
    return (payload, events, decoder.isComplete)
  }

  @Test("a body cut at every byte decodes to the same")
  func everySplit() throws {
    let body = Array("5\r\nhello\r\n7\r\n, world\r\n0\r\nx-amz-checksum-crc32: AAAAAA==\r\nb:c\n\r\n\r\n".utf8)
    let whole = try decode([body])
    #expect(String(decoding: whole.payload, as: UTF8.self) == "hello, world")
    #expect(
      whole.events == [
        .chunk(byteCount: 5, signature: nil), .chunkEnd, .chunk(byteCount: 7, signature: nil), .chunkEnd,
        .chunk(byteCount: 0, signature: nil), .trailer(name: "x-amz-checksum-crc32", value: "AAAAAA=="),
        .trailer(name: "b", value: "c"), .end,
      ])
    #expect(whole.isComplete)
    for cut in 1..<body.count {
      let halves = try decode([Array(body[..<cut]), Array(body[cut...])])
      #expect(halves.payload == whole.payload)
      #expect(halves.events == whole.events)
      #expect(halves.isComplete)
    }
    let single = try decode(body.map { [$0] })
    #expect(single.payload == whole.payload)
    #expect(single.events == whole.events)
  }

  @Test("signatures come with their chunks")
  func signatures() throws {
    let line = ";chunk-signature=\(Self.signature)\r\n"
    let body = Array("3\(line)abc\r\n0\(line)\r\n".utf8)
    let decoded = try decode([body], isSigned: true, hasTrailer: false)
    #expect(
      decoded.events == [
        .chunk(byteCount: 3, signature: Self.signature), .chunkEnd, .chunk(byteCount: 0, signature: Self.signature),
        .end,
      ])
  }

  @Test(
    "a body that stops early is not complete",
    arguments: ["", "5", "5\r\nhel", "5\r\nhello\r\n", "0\r\n", "0\r\na:b\r\n"])
  func incomplete(_ body: String) throws {
    #expect(try !decode([Array(body.utf8)]).isComplete)
  }

  @Test(
    "what is not aws-chunked is refused",
    arguments: [
      "\r\n", "g\r\n", "-1\r\n", "+1\r\n", "1000000000000\r\n", "1 \r\n", "1;x=y\r\n", "1\r\nabc", "1\r\na\rb",
      "0\r\n\r\nmore",
      "0\r\nno colon\r\n", "0\r\n:value\r\n", ";chunk-signature=\(signature)\r\n",
    ])
  func malformed(_ body: String) {
    #expect(throws: AWSChunkedError.self) { try decode([Array(body.utf8)]) }
  }

  @Test("an unsigned chunk among signed ones is refused, and so is a short signature")
  func missingSignature() {
    #expect(throws: AWSChunkedError.self) { try decode([Array("1\r\n".utf8)], isSigned: true) }
    #expect(throws: AWSChunkedError.self) { try decode([Array("1;chunk-signature=abc\r\n".utf8)], isSigned: true) }
  }

  @Test("a trailer that was not announced is refused")
  func unannouncedTrailer() {
    #expect(throws: AWSChunkedError.self) { try decode([Array("0\r\na:b\r\n\r\n".utf8)], hasTrailer: false) }
  }

  @Test("lines and trailers are bounded")
  func bounds() throws {
    let long = [UInt8](repeating: UInt8(ascii: "0"), count: AWSChunkedDecoder.chunkLineByteCountMax + 1)
    #expect(throws: AWSChunkedError.tooLong) { try decode([long]) }
    let line = "a:" + String(repeating: "b", count: AWSChunkedDecoder.trailerLineByteCountMax)
    #expect(throws: AWSChunkedError.tooLong) { try decode([Array("0\r\n\(line)".utf8)]) }
    let many = String(repeating: "a:b\r\n", count: AWSChunkedDecoder.trailerCountMax)
    #expect(try decode([Array("0\r\n\(many)\r\n".utf8)]).isComplete)
    #expect(throws: AWSChunkedError.tooLong) { try decode([Array("0\r\n\(many)a:b\r\n\r\n".utf8)]) }
  }
}
