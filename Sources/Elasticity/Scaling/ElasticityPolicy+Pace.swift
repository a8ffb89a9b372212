extension ElasticityPolicy {
  /// The same policy for a fleet that reacts in other times than one of instances.
  ///
  /// All periods become `period`. Thresholds and steps are backlogs that a worker clears in so many periods, and become
  /// smaller or larger as the period does; a threshold of one message or none is about there being work, and stays.
  /// - Parameters:
  ///   - period: For each alarm, at least 10 ms.
  ///   - minimum: At least 1.
  ///   - maximum: At least `minimum`. An exact capacity beyond the bounds means the bound.
  ///   - warmup: How long a worker that is ready is not yet counted.
  package func paced(period: Duration, minimum: Int, maximum: Int, warmup: Duration) -> ElasticityPolicy {
    var paced = self
    paced.minimum = minimum
    paced.maximum = maximum
    for index in paced.rules.indices {
      paced.rules[index].pace(by: period / paced.rules[index].alarm.period, period: period, warmup: warmup)
    }
    return paced
  }
}

extension ElasticityPolicy.Rule {
  fileprivate mutating func pace(by factor: Double, period: Duration, warmup: Duration) {
    // Sums, and not differences, are rounded, so that neither gaps come of it nor steps that overlap.
    func scaled(_ depth: Double) -> Double { depth > 1 ? max(1, (depth * factor).rounded()) : depth }
    let threshold = scaled(alarm.threshold)
    for index in policy.steps.indices {
      policy.steps[index].lowerBound = policy.steps[index].lowerBound.map { scaled(alarm.threshold + $0) - threshold }
      policy.steps[index].upperBound = policy.steps[index].upperBound.map { scaled(alarm.threshold + $0) - threshold }
    }
    policy.steps.removeAll { $0.lowerBound != nil && $0.lowerBound == $0.upperBound }
    alarm.threshold = threshold
    alarm.period = period
    policy.cooldown = policy.cooldown.map { $0 * factor }
    policy.estimatedInstanceWarmup = warmup
  }
}
