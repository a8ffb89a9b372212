import AWS
import Testing

@testable import LocalCloud

struct ChecksumTests {
  @Test("the published check values of \"123456789\" come out")
  func checkValues() {
    let expected: [ChecksumAlgorithm: String] = [
      .crc32: "cbf43926", .crc32c: "e3069283", .crc64nvme: "ae8b14860a799888",
      .sha1: "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
      .sha256: "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
    ]
    for algorithm in ChecksumAlgorithm.allCases {
      let checksum = RunningChecksum.checksum(of: Array("123456789".utf8), algorithm)
      #expect(Hexadecimal.encode(checksum.bytes) == expected[algorithm])
      #expect(checksum.bytes.count == algorithm.byteCount)
    }
  }

  @Test("pieces of any length give the checksum of the whole", arguments: ChecksumAlgorithm.allCases)
  func pieces(_ algorithm: ChecksumAlgorithm) {
    var generator = SplitMix(seed: 11)
    let bytes = (0..<3000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let whole = RunningChecksum.checksum(of: bytes, algorithm)
    for _ in 0..<50 {
      var running = RunningChecksum(algorithm)
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = rest.prefix(Int.random(in: 1...100, using: &generator))
        running.update(piece.span)
        rest = rest.dropFirst(piece.count)
      }
      #expect(running.finish() == whole)
    }
  }

  @Test(
    "two CRCs and a length give the CRC of both together", arguments: [ChecksumAlgorithm.crc32, .crc32c, .crc64nvme])
  func combination(_ algorithm: ChecksumAlgorithm) throws {
    let combination = try #require(algorithm.combination)
    var generator = SplitMix(seed: 5)
    for count in [0, 1, 2, 7, 64, 1000, 70_000] {
      for _ in 0..<5 {
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let cut = Int.random(in: 0...count, using: &generator)
        let first = RunningChecksum.checksum(of: Array(bytes[..<cut]), algorithm)
        let second = RunningChecksum.checksum(of: Array(bytes[cut...]), algorithm)
        let whole = combination.combine(first.bytes, second.bytes, byteCountOfSecond: count - cut)
        #expect(whole == RunningChecksum.checksum(of: bytes, algorithm).bytes)
      }
    }
  }

  @Test("a stored checksum comes back as it was", arguments: ChecksumAlgorithm.allCases)
  func stored(_ algorithm: ChecksumAlgorithm) {
    let plain = RunningChecksum.checksum(of: [1, 2, 3], algorithm)
    #expect(Checksum(stored: plain.stored) == plain)
    let composite = Checksum(algorithm, plain.bytes, partCount: 12)
    #expect(Checksum(stored: composite.stored) == composite)
    #expect(Checksum(algorithm, received: composite.text) == nil)
    #expect(Checksum(algorithm, received: "AAAA") == nil)
    #expect(Checksum(algorithm, received: "not base64!") == nil)
  }
}

/// Random numbers that are the same every time.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
