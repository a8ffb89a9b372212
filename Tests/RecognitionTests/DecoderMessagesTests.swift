import EventLoop
import TestSupport
import Testing

@testable import Recognition

@Suite("What worker and decoder say to each other")
struct DecoderMessagesTests {
  private static let replies: [DecoderReply] = [
    .ready("seccomp, Landlock 7"), .failed("seccomp: Function not implemented"), .decoded, .refused(.empty),
    .refused(.unsupportedFormat), .refused(.tooLarge("it is 70000 × 1 pixels")), .refused(.undecodable("cut short")),
  ]

  @Test("every message is read as it was written")
  func roundTrip() {
    for reply in Self.replies { #expect(DecoderReply(reply.bytes.span) == reply) }
    var limits = ImageLimits()
    limits.byteCountMax = 12_345
    limits.scanCountMax = 7
    limits.decoderByteCountMax = 1 << 40
    let start = DecoderStart(limits)
    #expect(start.bytes.count == DecoderStart.byteCount)
    #expect(DecoderStart(start.bytes.span) == start)
    let request = DecoderRequest(inputSide: 224, resizeSide: 256, fileByteCount: 64 << 20)
    #expect(request.bytes.count == DecoderRequest.byteCount)
    #expect(DecoderRequest(request.bytes.span) == request)
  }

  @Test("a text that is too long is cut between characters, and one that is empty is not")
  func bounds() throws {
    let long = String(repeating: "é", count: 5000)
    let bytes = DecoderReply.refused(.undecodable(long)).bytes
    #expect(bytes.count <= DecoderReply.byteCountMax)
    #expect(DecoderReply(bytes.span) == .refused(.undecodable(String(repeating: "é", count: 512))))
    #expect(DecoderReply(DecoderReply.refused(.undecodable("")).bytes.span) == .refused(.undecodable("?")))
  }

  @Test("a reply of another kind, length or encoding is none")
  func malformed() {
    for bytes: [UInt8] in [
      [], [7], [255, 65], [2, 65], [3, 65], [0], [5], [6], [6, 0xFF], [6, 0xC3], [6, 0xED, 0xA0, 0x80],
      [6] + [UInt8](repeating: 65, count: DecoderReply.textByteCountMax + 1),
    ] {
      #expect(DecoderReply(bytes.span) == nil, "\(bytes.prefix(8))")
    }
    #expect(DecoderStart([UInt8](repeating: 1, count: DecoderStart.byteCount).span) == nil)
    #expect(DecoderRequest([1, 2, 3].span) == nil)
  }

  @Test("a text has no line ends or escapes that would forge a line of a log")
  func controls() {
    let reply = DecoderReply(([6] + Array("a\nb\u{1B}[2Jc\u{202E}d\0".utf8)).span)
    #expect(reply == .refused(.undecodable("a?b?[2Jc?d?")))
  }

  @Test("no bytes whatever crash the reader")
  func fuzz() {
    let seed: UInt64 = 61_126
    var generator = SplitMix64(seed: seed)
    var readCount = 0
    for round in 0..<20_000 {
      var bytes: [UInt8]
      if round % 2 == 0 {
        bytes = (0..<Int.random(in: 0...64, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }
        if !bytes.isEmpty { bytes[0] &= 7 }
      } else {
        bytes = Self.replies[round % Self.replies.count].bytes
        bytes[Int.random(in: bytes.indices, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      guard let reply = DecoderReply(bytes.span) else { continue }
      readCount += 1
      #expect(DecoderReply(reply.bytes.span) == reply, "seed \(seed), round \(round)")
    }
    #expect(readCount > 100)
  }
}
