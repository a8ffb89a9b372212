/// A bucket of tokens that retries take and successes give back, one a client: when much fails, most failures are final
/// at once, and a service in trouble sees little more than first attempts.
package struct RetryQuota: Sendable, Hashable {
  /// The SDKs' numbers: a hundred retries before the bucket is empty.
  package static let tokenCountMax = 500
  package static let retryCost = 5
  package static let timeoutCost = 10
  /// What a success without a retry gives back.
  package static let successRefund = 1

  package private(set) var tokenCount: Int

  /// - Parameter tokenCount: 0…500.
  package init(tokenCount: Int = Self.tokenCountMax) {
    precondition((0...Self.tokenCountMax).contains(tokenCount))
    self.tokenCount = tokenCount
  }

  /// Takes what a retry costs and returns it; nil, and nothing is taken, when there is not enough.
  mutating func take(for cause: RetryCause) -> Int? {
    let cost = cause == .timeout ? Self.timeoutCost : Self.retryCost
    guard cost <= tokenCount else { return nil }
    tokenCount -= cost
    return cost
  }

  mutating func refund(_ count: Int) {
    tokenCount = min(tokenCount + count, Self.tokenCountMax)
  }
}
