/// When a metric of the request queue is said to breach its threshold: `AWS::CloudWatch::Alarm`.
package struct MetricAlarm: Sendable, Equatable {
  package enum Metric: String, Sendable, Codable {
    case visible = "ApproximateNumberOfMessagesVisible"
    /// Metric math on two metrics of the queue: in flight alone, or visible alone, may be zero while there is work.
    case visiblePlusInFlight = "ApproximateNumberOfMessagesVisible + ApproximateNumberOfMessagesNotVisible"
  }

  /// What a period's samples are made into.
  package enum Statistic: String, Sendable, Codable {
    case average = "Average"
    case maximum = "Maximum"
    case minimum = "Minimum"
  }

  package enum Comparison: String, Sendable, Codable {
    case greaterThanOrEqual = "GreaterThanOrEqualToThreshold"
    case greaterThan = "GreaterThanThreshold"
    case lessThanOrEqual = "LessThanOrEqualToThreshold"
    case lessThan = "LessThanThreshold"
  }

  /// How periods without a sample count.
  package enum MissingData: String, Sendable, Codable {
    case breaching
    case notBreaching
    /// The alarm stays in its state.
    case ignore
    /// The alarm has too little data.
    case missing
  }

  package var name: String
  package var metric: Metric
  package var statistic: Statistic
  package var comparison: Comparison
  /// Messages.
  package var threshold: Double
  package var period: Duration
  /// So many of the last periods are looked at, …
  package var evaluationPeriods: Int
  /// … and so many of them must breach.
  package var datapointsToAlarm: Int
  package var missingData: MissingData

  package init(
    name: String, metric: Metric, statistic: Statistic, comparison: Comparison, threshold: Double, period: Duration,
    evaluationPeriods: Int, datapointsToAlarm: Int, missingData: MissingData
  ) {
    self.name = name
    self.metric = metric
    self.statistic = statistic
    self.comparison = comparison
    self.threshold = threshold
    self.period = period
    self.evaluationPeriods = evaluationPeriods
    self.datapointsToAlarm = datapointsToAlarm
    self.missingData = missingData
  }

  func isBreached(by value: Double) -> Bool {
    switch comparison {
    case .greaterThanOrEqual: value >= threshold
    case .greaterThan: value > threshold
    case .lessThanOrEqual: value <= threshold
    case .lessThan: value < threshold
    }
  }

  /// Whether it breaches at high values; a step's bounds are meant so when the metric equals the threshold.
  var isHigh: Bool { comparison == .greaterThanOrEqual || comparison == .greaterThan }

  /// - Throws: What `PutMetricAlarm` would refuse, but for the length of the period: CloudWatch has no shorter one than
  ///   10 s, the fleet of one machine has.
  func validate() throws(PolicyError) {
    guard !name.isEmpty else { throw PolicyError("An alarm", "has no name.") }
    guard threshold.isFinite else { throw refused("has a threshold that is no number.") }
    guard period >= .milliseconds(10) else { throw refused("has a period below 10 ms.") }
    guard evaluationPeriods >= 1 else { throw refused("has less than one evaluation period.") }
    guard period * evaluationPeriods <= .seconds(86_400) else { throw refused("looks back more than a day.") }
    guard (1...evaluationPeriods).contains(datapointsToAlarm) else {
      throw refused("needs no datapoint, or more datapoints than it looks at.")
    }
  }

  private func refused(_ reason: String) -> PolicyError { PolicyError("Alarm '\(name)'", reason) }
}
