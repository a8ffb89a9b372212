package import EventLoop
package import FoundationEssentials

/// What every client can be given, and what it takes by itself.
package struct ServiceOptions: Sendable {
  package var retryPolicy: RetryPolicy
  package var counters: AWSCallCounters
  package var timeouts: TransportTimeouts
  package var now: @Sendable () -> Date
  package var random: any RandomNumberGenerator & Sendable

  @LoopActor package init(
    retryPolicy: RetryPolicy = .init(), counters: AWSCallCounters? = nil, timeouts: TransportTimeouts = .init(),
    now: @escaping @Sendable () -> Date = { Date() },
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) {
    self.retryPolicy = retryPolicy
    self.counters = counters ?? AWSCallCounters()
    self.timeouts = timeouts
    self.now = now
    self.random = random
  }
}
