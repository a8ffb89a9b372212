/// When a reply queue that does not exist, as SQS says, is to be replaced.
///
/// A value without I/O or clock. It is told how each receive went.
struct ReplyQueueLoss {
  private let limits: ReplyQueueLimits
  private var missingSince: ContinuousClock.Instant?
  /// Replacements that nothing was received from yet.
  private var fruitlessCount = 0

  init(limits: ReplyQueueLimits) { self.limits = limits }

  /// Answers cannot come at present.
  var isMissing: Bool { missingSince != nil }

  /// A receive succeeded, with messages or without.
  mutating func received() {
    missingSince = nil
    fruitlessCount = 0
  }

  /// A receive was told that there is no such queue.
  /// - Returns: Whether a new one is to be made.
  mutating func missing(at now: ContinuousClock.Instant) -> Bool {
    guard let since = missingSince else {
      missingSince = now
      return false
    }
    // Beyond 2^16 any patience is the longest.
    let patience = min(limits.missingDuration * (1 << min(fruitlessCount, 16)), limits.missingDurationMax)
    return now - since >= patience
  }

  /// There is a new queue.
  mutating func replaced() {
    missingSince = nil
    fruitlessCount += 1
  }
}
