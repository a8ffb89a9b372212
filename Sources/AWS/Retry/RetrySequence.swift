/// The attempts of one call. Failures go in, decisions come out.
package struct RetrySequence: Sendable {
  private let policy: RetryPolicy
  /// Attempts that have failed.
  package private(set) var failureCount = 0
  private var lastCost: Int?

  init(policy: RetryPolicy) { self.policy = policy }

  /// What to do after a failed attempt that is worth another one. Permanent failures do not come here.
  ///
  /// - Parameters:
  ///   - retryAfter: what the service asked for, see `RetryAfter`; a lower bound of the delay, itself bounded.
  ///   - fraction: random, 0…1: which part of the backoff is waited.
  package mutating func decide(
    after cause: RetryCause, retryAfter: Duration? = nil, fraction: Double, quota: inout RetryQuota
  ) -> RetryDecision {
    failureCount += 1
    guard failureCount < policy.attemptCountMax else { return .stop(.attemptsExhausted) }
    guard let cost = quota.take(for: cause) else { return .stop(.quotaExhausted) }
    lastCost = cost
    let backoff = policy.backoff.delay(beforeRetry: failureCount - 1, fraction: fraction)
    let asked = min(retryAfter ?? .zero, policy.retryAfterMax)
    return .retry(after: max(backoff, asked))
  }

  /// The call has succeeded: its last retry's cost flows back, or a token for a call that needed none.
  package mutating func succeed(quota: inout RetryQuota) {
    quota.refund(lastCost ?? RetryQuota.successRefund)
    lastCost = nil
  }
}
