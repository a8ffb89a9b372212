import EventLoop
import Foundation
import TestSupport
import Testing

@testable import AWS

@Suite("JSON that is written by hand")
struct JSONWriterTests {
  @Test("members, arrays and numbers are separated as RFC 8259 has it")
  func structure() {
    var writer = JSONWriter(byteCapacity: 8)
    writer.beginObject()
    writer.member("a", "x")
    writer.name("b")
    writer.beginArray()
    writer.integer(-1)
    writer.beginObject()
    writer.endObject()
    writer.string("")
    writer.endArray()
    writer.member("c", 2)
    writer.endObject()
    #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a":"x","b":[-1,{},""],"c":2}"#)
  }

  @Test("every control character, quotes and backslashes are escaped, and all else stands for itself")
  func escapes() throws {
    let hostile = String(String.UnicodeScalarView((0...0x7F).map { Unicode.Scalar(UInt8($0)) })) + "é\u{2028}😀\u{FFFF}"
    var writer = JSONWriter(byteCapacity: 64)
    writer.beginArray()
    writer.string(hostile)
    writer.endArray()
    #expect(try JSONSerialization.jsonObject(with: Data(writer.bytes)) as? [String] == [hostile])
    #expect(!writer.bytes.contains { $0 < 0x20 })
  }

  @Test("what is written is read again", arguments: [1 as UInt64, 2, 3])
  func roundTrip(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<500 {
      let scalars = (0..<Int.random(in: 0...40, using: &random)).compactMap { _ in
        Unicode.Scalar(UInt32.random(in: 0...(Bool.random(using: &random) ? 0x7F : 0x10_FFFF), using: &random))
      }
      let text = String(String.UnicodeScalarView(scalars))
      var writer = JSONWriter(byteCapacity: 16)
      writer.string(text)
      var reader = JSONReader(writer.bytes)
      #expect(try reader.string() == text)
      #expect(throws: Never.self) { try reader.end() }
    }
  }
}
