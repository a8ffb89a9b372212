/// How many workers there are to be, by the request queue: the one definition from which the fleet of one machine, the
/// planner and the CloudFormation template are made.
package struct ElasticityPolicy: Sendable, Equatable, Codable {
  /// An alarm and what it does.
  package struct Rule: Sendable, Equatable, Codable {
    package var alarm: MetricAlarm
    package var policy: StepScalingPolicy

    package init(alarm: MetricAlarm, policy: StepScalingPolicy) {
      self.alarm = alarm
      self.policy = policy
    }
  }

  /// Workers that are always there, `MinSize` of the Auto Scaling group.
  package var minimum: Int
  /// Workers that there are at most, `MaxSize`.
  package var maximum: Int
  package var rules: [Rule]

  package init(minimum: Int, maximum: Int, rules: [Rule]) {
    self.minimum = minimum
    self.maximum = maximum
    self.rules = rules
  }

  /// - Throws: What AWS would refuse, and bounds that leave no worker.
  package func validate() throws(PolicyError) {
    guard minimum >= 1 else { throw PolicyError("", "The minimum is at least one worker.") }
    guard maximum >= minimum else { throw PolicyError("", "The maximum is below the minimum.") }
    guard maximum <= 10_000 else { throw PolicyError("", "The maximum is beyond 10 000 workers.") }
    guard (1...100).contains(rules.count) else { throw PolicyError("", "A policy has 1 to 100 rules.") }
    for rule in rules {
      try rule.alarm.validate()
      try rule.policy.validate()
    }
    guard Set(rules.map(\.alarm.name)).count == rules.count, Set(rules.map(\.policy.name)).count == rules.count else {
      throw PolicyError("", "Two alarms, or two scaling policies, have the same name.")
    }
  }
}
