/// How often, and how far apart, a call is tried: the AWS SDKs' "standard" mode.
///
/// Reference: AWS SDKs and Tools Reference Guide, "Retry behavior". Every call starts a `RetrySequence`; the quota is
/// shared by all calls of a client.
package struct RetryPolicy: Sendable, Hashable {
  /// The first try counts.
  package var attemptCountMax = 3
  package var backoff = Backoff()
  /// A service that asks for more patience than this does not get it: the caller has a client of its own waiting.
  package var retryAfterMax: Duration = .seconds(20)

  package init() {}

  package func begin() -> RetrySequence { RetrySequence(policy: self) }
}

/// Why an attempt failed in a way that another may not.
package enum RetryCause: Sendable, Hashable {
  /// 500, 502, 503, 504, a lost connection, a damaged transfer.
  case transient
  /// No answer in time. Dearer than the others, because it has cost the most already.
  case timeout
  /// The service asks for fewer requests: 429, `SlowDown`, `ThrottlingException` …
  case throttling
}

package enum RetryDecision: Sendable, Hashable {
  case retry(after: Duration)
  case stop(RetryStop)
}

/// Why a call is not tried again although its failure might be passing.
package enum RetryStop: Sendable, Hashable {
  case attemptsExhausted
  /// Too many of the client's recent calls failed: retrying would only add to what the service cannot bear.
  case quotaExhausted
}
