package import FoundationEssentials

/// A time to the second, as `X-Amz-Date` writes it: `20150830T123600Z`.
package struct SigningTime: Sendable, Hashable, Comparable {
  package let secondsSince1970: Int
  /// Sixteen characters, ISO 8601 basic format, UTC.
  package let text: String

  package init(_ date: Date) {
    // A request line has four digits for the year; a clock outside of them cannot be signed with, so it is clamped.
    let seconds = min(max(date.timeIntervalSince1970.rounded(.down), 0), 253_402_300_799)
    secondsSince1970 = Int(seconds)
    let (year, month, day) = GregorianDay.civil(daysSince1970: secondsSince1970 / 86_400)
    let second = secondsSince1970 % 86_400
    text = String(unsafeUninitializedCapacity: 16) { text in
      func write(_ value: Int, at start: Int, digits: Int) {
        var value = value
        for index in (start..<start + digits).reversed() {
          text[index] = UInt8(ascii: "0") + UInt8(value % 10)
          value /= 10
        }
      }
      write(year, at: 0, digits: 4)
      write(month, at: 4, digits: 2)
      write(day, at: 6, digits: 2)
      text[8] = UInt8(ascii: "T")
      write(second / 3600, at: 9, digits: 2)
      write(second / 60 % 60, at: 11, digits: 2)
      write(second % 60, at: 13, digits: 2)
      text[15] = UInt8(ascii: "Z")
      return 16
    }
  }

  /// Strict: exactly `YYYYMMDD'T'HHMMSS'Z'`, and a date and time that exist.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else { return nil }
    func number(_ range: Range<Int>) -> Int? {
      var value = 0
      for byte in bytes[range] {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
      }
      return value
    }
    guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8),
      let hour = number(9..<11), let minute = number(11..<13), let second = number(13..<15),
      year >= 1970, hour < 24, minute < 60, second < 60,
      let days = GregorianDay.daysSince1970(year: year, month: month, day: day)
    else { return nil }
    secondsSince1970 = days * 86_400 + hour * 3600 + minute * 60 + second
    self.text = text
  }

  /// `20150830`, the first part of a credential scope.
  package var day: String { String(text.prefix(8)) }

  package var date: Date { Date(timeIntervalSince1970: Double(secondsSince1970)) }

  package static func < (left: SigningTime, right: SigningTime) -> Bool {
    left.secondsSince1970 < right.secondsSince1970
  }

  package static func == (left: SigningTime, right: SigningTime) -> Bool {
    left.secondsSince1970 == right.secondsSince1970
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(secondsSince1970) }
}
