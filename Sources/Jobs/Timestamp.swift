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
    let compact = Array(SigningTime(Date(timeIntervalSince1970: Double(milliseconds / 1000))).text.utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(24)
    bytes += compact[0..<4]
    bytes.append(UInt8(ascii: "-"))
    bytes += compact[4..<6]
    bytes.append(UInt8(ascii: "-"))
    bytes += compact[6..<11]
    bytes.append(UInt8(ascii: ":"))
    bytes += compact[11..<13]
    bytes.append(UInt8(ascii: ":"))
    bytes += compact[13..<15]
    bytes.append(UInt8(ascii: "."))
    for divisor in [100, 10, 1] { bytes.append(UInt8(ascii: "0") + UInt8(milliseconds / divisor % 10)) }
    bytes.append(UInt8(ascii: "Z"))
    return String(decoding: bytes, as: UTF8.self)
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
