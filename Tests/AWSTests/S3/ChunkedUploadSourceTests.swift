import EventLoop
import TestSupport
import Testing

@testable import AWS

@Suite("aws-chunked framing")
struct ChunkedUploadSourceTests {
  /// Everything the source gives to somebody who takes no more than this at a time.
  @LoopActor private static func drain(_ source: ChunkedUploadSource, byteCountMax: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    let take = { (lent: GatheredBytes) in
      let taken = lent.prefix(byteCountMax)
      for index in 0..<taken.count { bytes += taken[index] }
      return taken.byteCount
    }
    while source.lend(to: take) == .lent {}
    return bytes
  }

  @Test("the announced length is the framed length", arguments: [0, 1, 15, 16, 262_143, 262_144, 262_145, 1_000_000])
  func length(byteCount: Int) async throws {
    try await onLoop {
      for byteCountMax in [1000, 300_000] {
        let source = ChunkedUploadSource(TestSource(testBytes(byteCount), pauses: false), byteCount: byteCount)
        let framed = Self.drain(source, byteCountMax: byteCountMax)
        #expect(framed.count == source.framedByteCount)
        #expect(source.rewind())
        #expect(Self.drain(source, byteCountMax: 4096) == framed)
      }
    }
  }

  @Test("the form is the documentation's")
  func form() async throws {
    try await onLoop {
      let source = ChunkedUploadSource(TestSource(Array("123456789".utf8), pauses: false), byteCount: 9)
      // The check value of CRC-32C, 0xE3069283, in base64.
      let expected = "9\r\n123456789\r\n0\r\nx-amz-checksum-crc32c:4waSgw==\r\n\r\n"
      #expect(String(decoding: Self.drain(source, byteCountMax: 7), as: UTF8.self) == expected)
    }
  }

  @Test("a source that ends early aborts the upload")
  func early() async throws {
    try await onLoop {
      let source = ChunkedUploadSource(TestSource([1, 2], pauses: false), byteCount: 3)
      while source.lend(to: { $0.byteCount }) == .lent {}
      #expect(source.lend(to: { $0.byteCount }) == .abort)
    }
  }
}
