import EventLoop
import TestSupport
import Testing

@testable import AWS

@Suite("aws-chunked framing")
struct ChunkedUploadSourceTests {
  /// Everything the source gives through buffers of this size.
  @LoopActor private static func drain(_ source: ChunkedUploadSource, bufferByteCount: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferByteCount, alignment: 1)
    defer { buffer.deallocate() }
    while case .bytes(let count) = source.read(into: buffer) { bytes += buffer.prefix(count) }
    return bytes
  }

  @Test("the announced length is the framed length", arguments: [0, 1, 15, 16, 262_143, 262_144, 262_145, 1_000_000])
  func length(byteCount: Int) async throws {
    try await onLoop {
      for bufferByteCount in [1000, 300_000] {
        let source = ChunkedUploadSource(TestSource(testBytes(byteCount), pauses: false), byteCount: byteCount)
        let framed = Self.drain(source, bufferByteCount: bufferByteCount)
        #expect(framed.count == source.framedByteCount)
        #expect(source.rewind())
        #expect(Self.drain(source, bufferByteCount: 4096) == framed)
      }
    }
  }

  @Test("the form is the documentation's")
  func form() async throws {
    try await onLoop {
      let source = ChunkedUploadSource(TestSource(Array("123456789".utf8), pauses: false), byteCount: 9)
      // The check value of CRC-32C, 0xE3069283, in base64.
      let expected = "9\r\n123456789\r\n0\r\nx-amz-checksum-crc32c:4waSgw==\r\n\r\n"
      #expect(String(decoding: Self.drain(source, bufferByteCount: 7), as: UTF8.self) == expected)
    }
  }

  @Test("a source that ends early aborts the upload")
  func early() async throws {
    try await onLoop {
      let source = ChunkedUploadSource(TestSource([1, 2], pauses: false), byteCount: 3)
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 1)
      defer { buffer.deallocate() }
      #expect(source.read(into: buffer) == .abort)
    }
  }
}
