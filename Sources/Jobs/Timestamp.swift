import FoundationEssentials

/// RFC 3339 times in UTC with milliseconds, `2026-11-24T03:24:47.123Z`.
enum Timestamp {
  private static let milliseconds = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
  private static let seconds = Date.ISO8601FormatStyle()

  static func string(from date: Date) -> String {
    // The formatter cuts off what is below a millisecond, and a whole one is often a hair less as a binary fraction.
    milliseconds.format(Date(timeIntervalSince1970: (date.timeIntervalSince1970 * 1000).rounded() / 1000 + 0.000_01))
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
