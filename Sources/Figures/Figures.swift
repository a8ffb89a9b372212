// How measured numbers are summed up and written: what reports, pictures and the web tier's own figures have in common.

import Glibc

extension Sequence where Element == (bound: Double, count: Double) {
  /// Estimated from cumulative buckets as Prometheus' `histogram_quantile` does: values lie evenly in their bucket, and what
  /// is beyond the last finite bound is that bound.
  /// - Parameters:
  ///   - quantile: 0 to 1.
  ///   - count: Of all values, those beyond every bound included.
  /// - Returns: In the unit of the bounds; `nil` when there is none of nothing.
  package func quantile(_ quantile: Double, of count: Double) -> Double? {
    guard count > 0 else { return nil }
    let rank = quantile * count
    var lower = (bound: 0.0, count: 0.0)
    for bucket in self where bucket.bound.isFinite {
      if bucket.count >= rank, bucket.count > lower.count {
        let share = (rank - lower.count) / (bucket.count - lower.count)
        return lower.bound + (bucket.bound - lower.bound) * share
      }
      lower = bucket
    }
    return lower.bound
  }
}

extension Double {
  /// For an axis that has its ticks so far apart, or a little further: the next of 1, 2, 5 times a power of ten.
  package var niceStep: Double {
    guard self > 0, isFinite else { return 1 }
    let power = pow(10, floor(log10(self)))
    for factor in [1.0, 2, 5] where power * factor >= self { return power * factor }
    return power * 10
  }

  /// So many digits after the point at most, and none that say nothing.
  package func text(digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let rounded = (self * scale).rounded() / scale
    return Int(exactly: rounded).map(String.init) ?? String(rounded)
  }
}

extension String {
  /// As the text of an XML element.
  package var xmlEscaped: String {
    var escaped = ""
    escaped.reserveCapacity(utf8.count)
    // By scalars: a character may be a sign together with its accents.
    for scalar in unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      // Readers make any other end of a line of it (XML 1.0 §2.11).
      case "\r": escaped += "&#13;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
