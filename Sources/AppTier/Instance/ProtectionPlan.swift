import AWS

/// When an Auto Scaling group is to be told that it may, or may not, take this instance away. A value: events, the time
/// and randomness go in; what to do comes out.
///
/// An instance is protected as soon as it has a job, and no more when it has had none for a while: jobs that come one by
/// one are not to cost two calls each. What the group was told before this process started is not known.
struct ProtectionPlan {
  enum Step: Equatable {
    /// Tell the group; `callEnded` is to follow, and nothing else is to be called until then.
    case call(isProtected: Bool)
    /// Ask again then, or when something happens.
    case wait(Duration)
    /// Ask again when something happens.
    case rest
  }

  private let idleDelay: Duration
  private let backoff: Backoff
  private var isBusy = false
  private var idleSince: ContinuousClock.Instant
  /// What the group knows; nil when that is not certain.
  private(set) var applied: Bool?
  private var calling: Bool?
  private var failureCount = 0
  private var retryAt: ContinuousClock.Instant?

  init(limits: WorkerLimits, at now: ContinuousClock.Instant) {
    idleDelay = limits.protectionIdleDelay
    var backoff = Backoff()
    backoff.base = limits.protectionBackoff
    backoff.delayMax = limits.protectionBackoffMax
    self.backoff = backoff
    idleSince = now
  }

  mutating func setBusy(_ isBusy: Bool, at now: ContinuousClock.Instant) {
    if self.isBusy, !isBusy { idleSince = now }
    self.isBusy = isBusy
  }

  mutating func step(at now: ContinuousClock.Instant) -> Step {
    guard calling == nil else { return .rest }
    if applied == isBusy { return .rest }
    let idleEnough = idleSince + idleDelay
    if !isBusy, now < idleEnough { return .wait(idleEnough - now) }
    if let retryAt, now < retryAt { return .wait(retryAt - now) }
    calling = isBusy
    return .call(isProtected: isBusy)
  }

  /// - Parameter fraction: random, 0…1: which part of the backoff is waited after a failure, from the half of it on.
  mutating func callEnded(succeeded: Bool, fraction: Double, at now: ContinuousClock.Instant) {
    guard let called = calling else { preconditionFailure("no call was under way") }
    calling = nil
    if succeeded {
      applied = called
      failureCount = 0
      retryAt = nil
    } else {
      // It may have taken effect all the same.
      applied = nil
      retryAt = now + backoff.delay(beforeRetry: failureCount, fraction: (1 + fraction) / 2)
      failureCount += 1
    }
  }
}
