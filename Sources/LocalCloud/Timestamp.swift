package import FoundationEssentials
import HTTP

/// A moment to the millisecond, as the database keeps it and S3 shows it.
package struct Timestamp: Sendable, Hashable, Comparable {
  package let millisecondsSinceEpoch: Int64

  package init(millisecondsSinceEpoch: Int64) { self.millisecondsSinceEpoch = millisecondsSinceEpoch }

  package init(_ date: Date) {
    millisecondsSinceEpoch = Int64((date.timeIntervalSince1970 * 1000).rounded(.down))
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
  }

  /// `Sun, 06 Nov 1994 08:49:37 GMT`: to the second, rounded down.
  var httpDate: HTTP.HTTPDate {
    HTTP.HTTPDate(secondsSinceEpoch: Int64((Double(millisecondsSinceEpoch) / 1000).rounded(.down)))
  }

  /// `1994-11-06T08:49:37.000Z`.
  package var iso8601: String {
    Date(timeIntervalSince1970: Double(millisecondsSinceEpoch) / 1000)
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }
}
