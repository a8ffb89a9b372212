/// A UUID of version 7 (RFC 9562 5.7): 48 bits of Unix milliseconds, then a counter and random bits. Ids sort by time,
/// in memory and as text. 62 bits are random in each, so that nobody guesses another client's result.
package struct JobID: Sendable, Hashable {
  private let high: UInt64
  private let low: UInt64

  private init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// - Parameters:
  ///   - milliseconds: since 1970, the low 48 bits of which are kept: enough until the year 10889.
  ///   - counter: the 12 bits after the version.
  ///   - random: of which 62 bits are kept.
  init(milliseconds: UInt64, counter: UInt16, random: UInt64) {
    high = (milliseconds << 16) | 0x7000 | UInt64(counter & 0x0fff)
    low = (random & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000
  }

  /// The time in it, in milliseconds since 1970.
  package var millisecondsSince1970: Int64 { Int64(high >> 16) }

  /// In network byte order.
  package var bytes: [UInt8] {
    [high, low].flatMap { half in stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: half >> $0) } }
  }

  /// The length of its text.
  package static let textByteCount = 36
}

extension JobID: Comparable {
  package static func < (left: JobID, right: JobID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}

extension JobID: LosslessStringConvertible {
  /// The text of RFC 9562 4, in lower case.
  package var description: String {
    String(unsafeUninitializedCapacity: Self.textByteCount) { text in
      for index in 0..<Self.textByteCount {
        // Five groups, of 8, 4, 4, 4 and 12 digits.
        if index == 8 || index == 13 || index == 18 || index == 23 {
          text[index] = UInt8(ascii: "-")
          continue
        }
        let place = index - (index > 23 ? 4 : index > 18 ? 3 : index > 13 ? 2 : index > 8 ? 1 : 0)
        let half = place < 16 ? high : low
        let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - (place & 15) * 4)) & 0x0f
        text[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
      }
      return Self.textByteCount
    }
  }

  /// Strict: lower case, dashes where they belong, version 7, the variant of RFC 9562. One id has one text, since it is
  /// part of an object's key.
  package init?(_ description: String) { self.init(text: description.utf8) }

  init?(text: some Collection<UInt8>) {
    guard text.count == Self.textByteCount else { return nil }
    var halves: (UInt64, UInt64) = (0, 0)
    for (index, byte) in text.enumerated() {
      if [8, 13, 18, 23].contains(index) {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      default: return nil
      }
      if index < 18 { halves.0 = halves.0 << 4 | UInt64(digit) } else { halves.1 = halves.1 << 4 | UInt64(digit) }
    }
    guard halves.0 & 0xf000 == 0x7000, halves.1 >> 62 == 0b10 else { return nil }
    self.init(high: halves.0, low: halves.1)
  }
}

extension JobID: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let id = JobID(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "it is not a UUID of version 7")
    }
    self = id
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
