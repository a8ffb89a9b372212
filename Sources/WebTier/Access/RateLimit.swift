/// How many requests a client may make in a time, and how many of them at once.
///
/// Written as `10/s`, `100/m` or `1000/h`, with `:20` behind it for a burst of 20.
package struct RateLimit: Sendable, Hashable {
  /// Requests a unit of time, and requests at once: more is as good as no limit.
  private static let countMax = 1_000_000

  /// Between two requests at the steady rate.
  let interval: Duration
  /// At least 1.
  let burst: Int

  /// - Parameters:
  ///   - count: 1 to 1 000 000 requests …
  ///   - span: … in so long.
  ///   - burst: A second's worth, but at least one request, unless given.
  package init?(_ count: Int, per span: Duration, burst: Int? = nil) {
    guard (1...RateLimit.countMax).contains(count) else { return nil }
    let burst = burst ?? max(1, Int((Double(count) * (.seconds(1) / span)).rounded(.up)))
    guard (1...RateLimit.countMax).contains(burst) else { return nil }
    interval = span / count
    self.burst = burst
  }

  /// Reads the written form; a number without a unit is one a second.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let rate = parts[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let count = Int(rate[0]) else { return nil }
    let span: Duration
    switch rate.dropFirst().first {
    case "s", nil: span = .seconds(1)
    case "m": span = .seconds(60)
    case "h": span = .seconds(3600)
    default: return nil
    }
    let burst = parts.dropFirst().first.map { Int($0) }
    // A burst that is there and is no number.
    if case .some(nil) = burst { return nil }
    self.init(count, per: span, burst: burst ?? nil)
  }
}
