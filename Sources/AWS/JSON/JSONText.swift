/// What stands in a JSON string, eight bytes at a time.
enum JSONText {
  /// The first place from `start` on where a quotation mark, a backslash or a control character stands; the end when there
  /// is none.
  @inline(__always)
  static func firstSpecial(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var index = start
    let bytes = UnsafeRawBufferPointer(text)
    while index + 8 <= bytes.count {
      let special = specials(in: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
      if special != 0 { return index + special.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < bytes.count, !isSpecial(bytes[index]) { index += 1 }
    return index
  }

  /// RFC 8259 §7: what a string may not hold as it is.
  @inline(__always)
  static func isSpecial(_ byte: UInt8) -> Bool {
    isControl(byte) || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  @inline(__always)
  static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 }

  /// The high bit of the first special byte, counted from the lowest; bits above it mean nothing, since a subtraction
  /// carries over ("Bit Twiddling Hacks", S. E. Anderson, "Determine if a word has a byte less than n").
  @inline(__always)
  private static func specials(in word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = word ^ (ones &* 0x22)
    let backslashes = word ^ (ones &* 0x5C)
    let controls = (word &- ones &* 0x20) & ~word
    return (controls | ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)) & (ones &* 0x80)
  }
}
