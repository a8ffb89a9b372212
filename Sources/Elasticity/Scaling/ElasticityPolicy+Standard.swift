extension ElasticityPolicy {
  /// Saccade's own, for workers that classify some 200 photos a second and are ready a minute or two after they were wanted.
  ///
  /// Until then, and until CloudWatch has noticed, a worker clears 24 000 photos: with so many the fleet gets larger than by
  /// the first step, and all of it is started when they are four times as many. The first step begins where photos wait
  /// longer than they take, 0.1 s of a worker's, and is wide enough that the next hours' growth finds room.
  ///
  /// Scaling in waits until two minutes have shown no message visible or in flight: visible alone is zero whenever the
  /// workers keep up. Then one worker is enough, so one is left.
  ///
  /// `saccade plan` shows what comes of it; deploy/README.md has the figures.
  package static let standard = ElasticityPolicy(
    minimum: 1, maximum: 19,
    rules: [
      Rule(
        alarm: MetricAlarm(
          name: "backlog", metric: .visible, statistic: .maximum, comparison: .greaterThanOrEqual, threshold: 20,
          period: .seconds(60), evaluationPeriods: 1, datapointsToAlarm: 1, missingData: .notBreaching),
        policy: StepScalingPolicy(
          name: "scale-out", adjustmentType: .changeInCapacity,
          steps: [
            StepAdjustment(lowerBound: 0, upperBound: 23_980, adjustment: 5),
            StepAdjustment(lowerBound: 23_980, upperBound: 47_980, adjustment: 9),
            StepAdjustment(lowerBound: 47_980, upperBound: 95_980, adjustment: 13),
            StepAdjustment(lowerBound: 95_980, upperBound: nil, adjustment: 18),
          ],
          estimatedInstanceWarmup: .seconds(120))),
      Rule(
        alarm: MetricAlarm(
          name: "idle", metric: .visiblePlusInFlight, statistic: .maximum, comparison: .lessThanOrEqual, threshold: 0,
          period: .seconds(60), evaluationPeriods: 2, datapointsToAlarm: 2, missingData: .ignore),
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
