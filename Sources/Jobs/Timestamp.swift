import AWS
import FoundationEssentials

/// RFC 3339 times in UTC with milliseconds, `2026-11-24T03:24:47.123Z`.
enum Timestamp {
  private static let milliseconds = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
  private static let seconds = Date.ISO8601FormatStyle()

  /// By arithmetic, since every job has one and a formatter costs more than all the rest of the message. Times before
  /// 1970 are written as its first second.
  static func string(from date: Date) -> String {
    let milliseconds = max(0, Int((date.timeIntervalSince1970 * 1000).rounded()))
    // `YYYYMMDD'T'HHMMSS'Z'`, which has all the digits.
    let compactText = SigningTime(Date(timeIntervalSince1970: Double(milliseconds / 1000))).text
    let compact = compactText.utf8.span
    return String(unsafeUninitializedCapacity: 24) { text in
      func copy(_ range: Range<Int>, to place: Int, before separator: UInt8) {
        for index in range { text[place + index - range.lowerBound] = compact[index] }
        text[place + range.count] = separator
      }
      copy(0..<4, to: 0, before: UInt8(ascii: "-"))
      copy(4..<6, to: 5, before: UInt8(ascii: "-"))
      copy(6..<11, to: 8, before: UInt8(ascii: ":"))
      copy(11..<13, to: 14, before: UInt8(ascii: ":"))
      copy(13..<15, to: 17, before: UInt8(ascii: "."))
      text[20] = UInt8(ascii: "0") + UInt8(milliseconds / 100 % 10)
      text[21] = UInt8(ascii: "0") + UInt8(milliseconds / 10 % 10)
      text[22] = UInt8(ascii: "0") + UInt8(milliseconds % 10)
      text[23] = UInt8(ascii: "Z")
      return 24
    }
  }

  /// - Parameter string: in UTC, with milliseconds or without a fraction. The length is checked because the formatters
  ///   stop at the `Z` and do not mind what follows.
  static func date(from string: String) -> Date? {
    guard string.hasSuffix("Z") else { return nil }
    return switch string.utf8.count {
    case 24: try? milliseconds.parse(string)
    case 20: try? seconds.parse(string)
    default: nil
    }
  }
}
