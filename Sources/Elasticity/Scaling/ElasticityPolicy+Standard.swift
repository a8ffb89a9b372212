extension ElasticityPolicy {
  /// Saccade's own.
  ///
  /// It is made for workers of two cores, which classify some 200 photos a second, and instances that take a minute or
  /// two to be ready. Scaling out adds workers by the backlog. Scaling in waits until no message has been visible or in
  /// flight for a while: visible alone is zero whenever the workers keep up. Then one worker is enough, so it leaves one.
  package static let standard = ElasticityPolicy(
    minimum: 1, maximum: 19,
    rules: [
      Rule(
        alarm: MetricAlarm(
          name: "backlog", metric: .visible, statistic: .maximum, comparison: .greaterThanOrEqual, threshold: 1_000,
          period: .seconds(60), evaluationPeriods: 1, datapointsToAlarm: 1, missingData: .notBreaching),
        policy: StepScalingPolicy(
          name: "scale-out", adjustmentType: .changeInCapacity,
          steps: [
            StepAdjustment(lowerBound: 0, upperBound: 4_000, adjustment: 1),
            StepAdjustment(lowerBound: 4_000, upperBound: 14_000, adjustment: 2),
            StepAdjustment(lowerBound: 14_000, upperBound: 29_000, adjustment: 4),
            StepAdjustment(lowerBound: 29_000, upperBound: 59_000, adjustment: 9),
            StepAdjustment(lowerBound: 59_000, upperBound: nil, adjustment: 18),
          ],
          estimatedInstanceWarmup: .seconds(60))),
      Rule(
        alarm: MetricAlarm(
          name: "idle", metric: .visiblePlusInFlight, statistic: .maximum, comparison: .lessThanOrEqual, threshold: 0,
          period: .seconds(60), evaluationPeriods: 3, datapointsToAlarm: 3, missingData: .ignore),
        policy: StepScalingPolicy(
          name: "scale-in", adjustmentType: .exactCapacity,
          steps: [StepAdjustment(lowerBound: nil, upperBound: 0, adjustment: 1)])),
    ])

  /// The rule that is compared with: one visible message starts all 19 workers, none ends all but one.
  package static let thresholdOne = ElasticityPolicy(
    minimum: 1, maximum: 19,
    rules: [
      Rule(
        alarm: MetricAlarm(
          name: "messages", metric: .visible, statistic: .maximum, comparison: .greaterThanOrEqual, threshold: 1,
          period: .seconds(60), evaluationPeriods: 1, datapointsToAlarm: 1, missingData: .notBreaching),
        policy: StepScalingPolicy(
          name: "all", adjustmentType: .exactCapacity,
          steps: [StepAdjustment(lowerBound: 0, upperBound: nil, adjustment: 19)])),
      Rule(
        alarm: MetricAlarm(
          name: "no-messages", metric: .visible, statistic: .maximum, comparison: .lessThan, threshold: 1,
          period: .seconds(60), evaluationPeriods: 1, datapointsToAlarm: 1, missingData: .notBreaching),
        policy: StepScalingPolicy(
          name: "one", adjustmentType: .exactCapacity,
          steps: [StepAdjustment(lowerBound: nil, upperBound: 0, adjustment: 1)])),
    ])
}
