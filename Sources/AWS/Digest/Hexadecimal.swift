/// Lower-case hexadecimal, as signatures, payload hashes and entity tags are written.
package enum Hexadecimal {
  package static func encode(_ bytes: [UInt8]) -> String { encode(bytes.span) }

  static func encode(_ bytes: Span<UInt8>) -> String {
    String(unsafeUninitializedCapacity: bytes.count * 2) { text in
      write(bytes, to: text)
      return bytes.count * 2
    }
  }

  static func append(_ bytes: Span<UInt8>, to text: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytes.count * 2) { digits in
      write(bytes, to: digits)
      text.append(contentsOf: UnsafeBufferPointer(digits))
    }
  }

  private static func write(_ bytes: Span<UInt8>, to text: UnsafeMutableBufferPointer<UInt8>) {
    for index in bytes.indices {
      text[index * 2] = digit(bytes[index] >> 4)
      text[index * 2 + 1] = digit(bytes[index] & 0xF)
    }
  }

  /// Accepts both cases; nil for anything that is not pairs of hexadecimal digits.
  package static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let digits = text.utf8
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    var high: UInt8?
    for character in digits {
      guard let value = value(of: character) else { return nil }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return bytes
  }

  static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  static func upperCaseDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }

  static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
