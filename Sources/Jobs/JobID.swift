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
      write(to: text)
      return Self.textByteCount
    }
  }

  /// Writes its text at the beginning of `text`, which has room for it.
  func write(to text: UnsafeMutableBufferPointer<UInt8>) {
    var place = 0
    // Five groups, of 8, 4, 4, 4 and 12 digits.
    func group(_ half: UInt64, from bit: UInt64, digits: Int) {
      var shift = bit
      for _ in 0..<digits {
        shift &-= 4
        let digit = UInt8(truncatingIfNeeded: half &>> shift) & 0x0f
        text[place] = digit &+ (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
        place &+= 1
      }
      if place < Self.textByteCount {
        text[place] = UInt8(ascii: "-")
        place &+= 1
      }
    }
    group(high, from: 64, digits: 8)
    group(high, from: 32, digits: 4)
    group(high, from: 16, digits: 4)
    group(low, from: 64, digits: 4)
    group(low, from: 48, digits: 12)
  }

  /// Strict: lower case, dashes where they belong, version 7, the variant of RFC 9562. One id has one text, since it is
  /// part of an object's key.
  package init?(_ description: String) { self.init(text: description.utf8) }

  init?(text: some Collection<UInt8>) {
    guard text.count == Self.textByteCount else { return nil }
    var halves: (UInt64, UInt64) = (0, 0)
    var index = -1
    for byte in text {
      index += 1
      if index == 8 || index == 13 || index == 18 || index == 23 {
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
