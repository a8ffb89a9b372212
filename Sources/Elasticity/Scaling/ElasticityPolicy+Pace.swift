extension ElasticityPolicy {
  /// The same policy for a fleet that reacts in other times than one of instances.
  ///
  /// All periods become `period`. Steps are backlogs that a worker clears in so many periods, and become smaller or larger
  /// as the period does. Thresholds stay: they tell waiting from what is on its way.
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
    // Sums, and not differences, are scaled and rounded, so that neither gaps come of it nor steps that overlap.
    func scaled(_ bound: Double) -> Double {
      bound > 0 ? max(0, ((alarm.threshold + bound) * factor).rounded() - alarm.threshold) : bound
    }
    for index in policy.steps.indices {
      policy.steps[index].lowerBound = policy.steps[index].lowerBound.map(scaled)
      policy.steps[index].upperBound = policy.steps[index].upperBound.map(scaled)
    }
    policy.steps.removeAll { $0.lowerBound != nil && $0.lowerBound == $0.upperBound }
    alarm.period = period
    policy.cooldown = policy.cooldown.map { $0 * factor }
    policy.estimatedInstanceWarmup = warmup
  }
}
