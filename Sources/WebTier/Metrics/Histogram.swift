import Figures

/// How long things took, counted in fixed buckets: an observation is a search among the bounds and two additions.
struct Histogram {
  /// The upper bounds in seconds. From what a stage takes on one machine to what a client waits at most.
  static let bounds = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  ]

  /// Of each bucket alone; the last one is beyond every bound.
  private var counts = [Int](repeating: 0, count: bounds.count + 1)
  private(set) var count = 0
  private(set) var sum = 0.0

  /// - Parameter seconds: A value below zero, by two machines' clocks, counts as none.
  mutating func observe(_ seconds: Double) {
    let seconds = max(0, seconds)
    var (low, high) = (0, Histogram.bounds.count)
    // The first bound that is not below: `le` means less or equal.
    while low < high {
      let middle = (low + high) / 2
      if Histogram.bounds[middle] < seconds { low = middle + 1 } else { high = middle }
    }
    counts[low] += 1
    count += 1
    sum += seconds
  }

  mutating func observe(_ duration: Duration) { observe(duration.inSeconds) }

  /// Each bound with how many values were at most that.
  var cumulative: [(bound: Double, count: Int)] {
    var total = 0
    return zip(Histogram.bounds, counts).map { bound, count in
      total += count
      return (bound, total)
    }
  }

  /// What has been observed since an earlier state of the same histogram.
  func since(_ earlier: Histogram) -> Histogram {
    var difference = self
    for index in counts.indices { difference.counts[index] -= earlier.counts[index] }
    difference.count -= earlier.count
    difference.sum -= earlier.sum
    return difference
  }

  /// Seconds; `nil` when there is none of nothing.
  var mean: Double? { count > 0 ? sum / Double(count) : nil }

  /// Estimated from the buckets.
  /// - Parameter quantile: 0 to 1.
  /// - Returns: Seconds; `nil` when there is none of nothing.
  func quantile(_ quantile: Double) -> Double? {
    cumulative.lazy.map { (bound: $0.bound, count: Double($0.count)) }.quantile(quantile, of: Double(count))
  }
}

extension Duration {
  /// By halves, since a division, or a conversion, of 128 bits is a loop.
  var inSeconds: Double {
    let high = Double(Int64(truncatingIfNeeded: attoseconds >> 64))
    let low = Double(UInt64(truncatingIfNeeded: attoseconds))
    return (high * 0x1p64 + low) / 1e18
  }
}
