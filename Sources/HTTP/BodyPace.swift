/// Whether a body comes fast enough, on average over a window: a bucket of one window's bytes that is drained at the least
/// rate and filled by what comes. It begins full, which is a client's grace, and a body that came fast may pause for one
/// window. A value, moved on by sweeps.
struct BodyPace {
  /// The rule in sweeps.
  struct Rule {
    /// What a sweep drains.
    let byteCountPerSweep: Double
    let byteCountMax: Double

    init(_ limits: HTTPLimits) {
      byteCountPerSweep = Double(limits.bodyRateMin) * (limits.sweepInterval / .seconds(1))
      byteCountMax = Double(limits.bodyRateMin) * (limits.bodyRateWindow / .seconds(1))
    }
  }

  private var credit: Double
  private var countedByteCount = 0

  init(_ rule: Rule) { credit = rule.byteCountMax }

  /// One more sweep.
  /// - Parameters:
  ///   - receivedByteCount: So far.
  ///   - isWaiting: Whether it was the client that was waited for, all the time since the last sweep.
  /// - Returns: False when it comes too slowly.
  mutating func sweep(receivedByteCount: Int, isWaiting: Bool, _ rule: Rule) -> Bool {
    credit = min(rule.byteCountMax, credit + Double(receivedByteCount - countedByteCount))
    countedByteCount = receivedByteCount
    if isWaiting { credit -= rule.byteCountPerSweep }
    return credit > 0
  }
}
