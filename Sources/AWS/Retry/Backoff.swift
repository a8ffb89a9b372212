/// Exponential backoff with full jitter: a random part of a delay that doubles up to a maximum, so that the callers a
/// service has thrown off do not come back together.
package struct Backoff: Sendable, Hashable {
  /// The longest the first retry may wait.
  package var base: Duration = .seconds(1)
  /// No retry waits longer.
  package var delayMax: Duration = .seconds(20)

  package init() {}

  /// `min(fraction · base · 2^retry, delayMax)`.
  ///
  /// - Parameters:
  ///   - retry: 0 before the second attempt.
  ///   - fraction: random, 0…1.
  package func delay(beforeRetry retry: Int, fraction: Double) -> Duration {
    precondition(retry >= 0 && (0...1).contains(fraction))
    // Past 2^30 every base above a nanosecond has met the maximum, and the multiplication stays exact.
    let factor = fraction * Double(1 << min(retry, 30))
    return min(base * factor, delayMax)
  }
}
