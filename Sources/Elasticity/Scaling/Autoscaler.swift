/// Makes of the queue's depth how many workers there are to be, as CloudWatch and EC2 Auto Scaling do together.
///
/// A value without clock: times are durations since any fixed moment, and none is earlier than the one before. Whoever
/// holds it starts and ends workers by ``desiredCapacity(at:)``, and tells of each that is ready and of each that is gone.
///
/// Sources: Amazon EC2 Auto Scaling User Guide, "Step and simple scaling policies"; Amazon CloudWatch User Guide, "Using
/// Amazon CloudWatch alarms": an alarm goes on invoking a scaling action in every period in which it is in its state.
package struct Autoscaler: Sendable {
  private struct Rule {
    let alarm: MetricAlarm
    let policy: StepScalingPolicy
    var history: AlarmHistory
    var periodEnd: Duration
  }

  private let minimum: Int
  private let maximum: Int
  private let warmup: Duration
  private var rules: [Rule]
  private var desired: Int
  /// In service and counted, those included that are to end.
  private var warmCount: Int
  /// When each of those in service that is not yet counted will be.
  private var warmAt: [Duration] = []
  /// What the cooldown of simple policies is counted from.
  private var lastActivityAt: Duration?

  /// - Parameters:
  ///   - policy: A valid one.
  ///   - capacity: Workers that are ready.
  ///   - start: The first alarm periods begin.
  package init(_ policy: ElasticityPolicy, capacity: Int, at start: Duration) {
    minimum = policy.minimum
    maximum = policy.maximum
    // An instance's warm-up is asked for when it gets in service; which of several policies wanted it is not known then.
    warmup = policy.rules.map(\.policy.estimatedInstanceWarmup).max() ?? .zero
    rules = policy.rules.map {
      Rule(alarm: $0.alarm, policy: $0.policy, history: AlarmHistory($0.alarm), periodEnd: start + $0.alarm.period)
    }
    warmCount = capacity
    desired = min(max(capacity, policy.minimum), policy.maximum)
  }

  // MARK: Events

  /// Takes a sample of the metrics.
  package mutating func record(_ depth: QueueDepth, at now: Duration) {
    advance(to: now)
    for index in rules.indices { rules[index].history.record(depth) }
  }

  /// A worker that was wanted is in service.
  package mutating func instanceReady(at now: Duration) {
    advance(to: now)
    warmAt.append(now + warmup)
    lastActivityAt = now
    countWarm(at: now)
  }

  /// A worker that was in service is gone, because it was to go or by itself: in the second case another one is wanted.
  package mutating func instanceEnded(at now: Duration) {
    advance(to: now)
    if warmCount > 0 { warmCount -= 1 } else if !warmAt.isEmpty { warmAt.removeLast() }
  }

  /// How many workers there are to be, minimum to maximum, after all periods that ended by now.
  package mutating func desiredCapacity(at now: Duration) -> Int {
    advance(to: now)
    return desired
  }

  // MARK: Periods

  private mutating func advance(to now: Duration) {
    while let end = rules.lazy.map(\.periodEnd).min(), end <= now { endPeriods(at: end) }
  }

  private mutating func endPeriods(at end: Duration) {
    countWarm(at: end)
    var wanted: Int?
    for index in rules.indices where rules[index].periodEnd == end {
      rules[index].periodEnd += rules[index].alarm.period
      rules[index].history.endPeriod()
      guard let capacity = capacity(wantedBy: rules[index], at: end) else { continue }
      // "Amazon EC2 Auto Scaling chooses the policy that provides the largest capacity."
      wanted = max(wanted ?? capacity, capacity)
    }
    guard let wanted, wanted != desired else { return }
    desired = wanted
    lastActivityAt = end
  }

  private mutating func countWarm(at now: Duration) {
    let before = warmAt.count
    warmAt.removeAll { $0 <= now }
    warmCount += before - warmAt.count
  }

  /// - Returns: `nil` when its alarm is not in alarm, or nothing follows from it.
  private func capacity(wantedBy rule: Rule, at now: Duration) -> Int? {
    guard rule.history.state == .alarm, let value = rule.history.latest, !isCoolingDown(rule.policy, at: now) else {
      return nil
    }
    let breach = value - rule.alarm.threshold
    let isAbove = breach > 0 || (breach == 0 && rule.alarm.isHigh)
    // Those that warm up are not counted: the same step, asked for again meanwhile, adds nothing.
    let current = min(warmCount, desired)
    guard let enlarged = rule.policy.capacity(breach: breach, isAbove: isAbove, current: current) else { return nil }
    if bounded(enlarged) > current { return max(bounded(enlarged), desired) }
    // Those that are to end are counted: the same step, asked for again meanwhile, removes nothing.
    guard !isScalingOut, let reduced = rule.policy.capacity(breach: breach, isAbove: isAbove, current: warmCount) else {
      return desired
    }
    return min(bounded(reduced), desired)
  }

  private func bounded(_ capacity: Int) -> Int { min(max(capacity, minimum), maximum) }

  /// "A scale-in activity can't start while a scale-out activity is in progress."
  private var isScalingOut: Bool { !warmAt.isEmpty || warmCount < desired }

  private func isCoolingDown(_ policy: StepScalingPolicy, at now: Duration) -> Bool {
    guard let cooldown = policy.cooldown, let lastActivityAt else { return false }
    return isScalingOut || now < lastActivityAt + cooldown
  }
}
