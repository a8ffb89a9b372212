import EventLoop

/// When requests are due that do not wait for answers: an open loop.
package struct ArrivalClock: Sendable {
  package enum Spacing: String, Sendable, CaseIterable {
    /// Equal times from one to the next.
    case constant
    /// Independent of each other, as those of many people: exponentially distributed times.
    case poisson
  }

  private let spacing: Spacing
  private let ratePerSecond: Double
  private var generator: SplitMix64
  private var count = 0
  private var seconds = 0.0

  /// - Parameter ratePerSecond: More than 0.
  package init(_ spacing: Spacing, ratePerSecond: Double, seed: UInt64) {
    precondition(ratePerSecond > 0)
    self.spacing = spacing
    self.ratePerSecond = ratePerSecond
    generator = SplitMix64(seed: seed)
  }

  /// When the next one is due, since the beginning.
  package mutating func next() -> Duration {
    switch spacing {
    // Counted and not added up: a sum would drift.
    case .constant: seconds = Double(count) / ratePerSecond
    case .poisson: seconds += generator.exponential() / ratePerSecond
    }
    count += 1
    return .nanoseconds(Int64(seconds * 1e9))
  }
}
