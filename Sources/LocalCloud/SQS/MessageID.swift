/// A random UUID (RFC 9562 §5.4), kept as its 16 bytes.
struct MessageID: Sendable, Hashable {
  private let high: UInt64
  private let low: UInt64

  static func random() -> MessageID {
    var generator = SystemRandomNumberGenerator()
    return MessageID(
      high: generator.next() & 0xffff_ffff_ffff_0fff | 0x4000,
      low: generator.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
  }

  private init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  init(high: Int64, low: Int64) { self.init(high: UInt64(bitPattern: high), low: UInt64(bitPattern: low)) }

  /// For the two integer columns it is kept in.
  var halves: (high: Int64, low: Int64) { (Int64(bitPattern: high), Int64(bitPattern: low)) }

  /// The usual form, in small letters.
  var text: String {
    String(unsafeUninitializedCapacity: 36) { output in
      var position = 0
      for digit in 0..<32 {
        if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
          output[position] = UInt8(ascii: "-")
          position += 1
        }
        let half = digit < 16 ? high : low
        let value = UInt8(truncatingIfNeeded: half >> UInt64((15 - digit % 16) * 4)) & 0xf
        output[position] = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
        position += 1
      }
      return position
    }
  }
}
