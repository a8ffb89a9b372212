package import Histogram

/// Durations, kept in a histogram (HdrHistogram): every percentile to three significant digits, from a microsecond to an
/// hour, in bounded memory.
package struct Latencies: Sendable {
  /// Microseconds.
  private static let most: UInt64 = 3_600_000_000

  package private(set) var histogram = Histogram<UInt64>(
    highestTrackableValue: Latencies.most, numberOfSignificantValueDigits: .three)

  package init() {}

  package var count: Int { Int(histogram.totalCount) }

  package mutating func record(_ duration: Duration) {
    let microseconds = duration / .microseconds(1)
    histogram.record(min(UInt64(max(microseconds, 0)), Latencies.most))
  }

  package mutating func add(_ other: Latencies) { histogram.add(other.histogram) }

  /// Milliseconds; nil of nothing.
  /// - Parameter percentile: 0 to 100.
  package func milliseconds(atPercentile percentile: Double) -> Double? {
    count == 0 ? nil : Double(histogram.valueAtPercentile(percentile)) / 1000
  }

  package var meanMilliseconds: Double? { count == 0 ? nil : histogram.mean / 1000 }
  package var maxMilliseconds: Double? { count == 0 ? nil : Double(histogram.max) / 1000 }
}
