/// A token bucket, kept as the one time at which it will be full again (the generic cell rate algorithm, ITU-T I.371).
///
/// A bucket whose time has passed is like one never used, so that it may be forgotten. A value; the clock is the caller's.
struct TokenBucket: Sendable {
  private var fullAt: ContinuousClock.Instant?

  /// Takes a token.
  /// - Returns: `nil`, or how long until there will be one; nothing is taken then.
  mutating func take(_ limit: RateLimit, at now: ContinuousClock.Instant) -> Duration? {
    let next = max(fullAt ?? now, now) + limit.interval
    let wait = next - now - limit.interval * limit.burst
    guard wait <= .zero else { return wait }
    fullAt = next
    return nil
  }
}
