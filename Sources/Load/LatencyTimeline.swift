package import Histogram

/// Latencies over time, in equal intervals from the beginning. When these have become too many, two become one.
package struct LatencyTimeline: Sendable {
  package struct Interval: Sendable {
    /// Microseconds, to two digits: enough for a picture.
    package fileprivate(set) var latencies = Histogram<UInt64>(
      highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: .two)
    package fileprivate(set) var failedCount = 0

    package var answeredCount: Int { Int(latencies.totalCount) }

    /// Milliseconds; nil of nothing.
    package func milliseconds(atPercentile percentile: Double) -> Double? {
      answeredCount == 0 ? nil : Double(latencies.valueAtPercentile(percentile)) / 1000
    }
  }

  package private(set) var width: Duration
  package private(set) var intervals: [Interval] = []
  private let countMax: Int

  package init(width: Duration = .milliseconds(250), countMax: Int = LoadLimits.intervalCountMax) {
    self.width = width
    self.countMax = countMax
  }

  /// - Parameters:
  ///   - due: When the request was due, since the beginning: that is where a stall is seen.
  ///   - latency: Nil for a request that has failed.
  package mutating func record(due: Duration, latency: Duration?) {
    var index = Int(max(due, .zero) / width)
    while index >= countMax {
      halve()
      index = Int(max(due, .zero) / width)
    }
    while intervals.count <= index { intervals.append(Interval()) }
    if let latency {
      intervals[index].latencies.record(min(UInt64(max(latency / .microseconds(1), 0)), 3_600_000_000))
    } else {
      intervals[index].failedCount += 1
    }
  }

  private mutating func halve() {
    var halved: [Interval] = []
    for start in stride(from: 0, to: intervals.count, by: 2) {
      var interval = intervals[start]
      if start + 1 < intervals.count {
        interval.latencies.add(intervals[start + 1].latencies)
        interval.failedCount += intervals[start + 1].failedCount
      }
      halved.append(interval)
    }
    intervals = halved
    width *= 2
  }
}
