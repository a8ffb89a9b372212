/// The last datapoints of an alarm and the state that follows from them.
///
/// Source: Amazon CloudWatch User Guide, "Evaluating an alarm" and "How alarm state is evaluated when data is missing".
struct AlarmHistory: Sendable {
  enum State: Sendable { case ok, alarm, insufficientData }

  /// CloudWatch looks for more datapoints than it evaluates; its documentation's example takes five for three.
  private static let extraDatapointCount = 2

  private let alarm: MetricAlarm
  private(set) var state = State.insufficientData
  /// The newest last; `nil` is missing.
  private var datapoints: [Double?] = []
  private var sampleCount = 0
  private var sampleSum = 0.0
  private var sampleMax = -Double.infinity
  private var sampleMin = Double.infinity

  init(_ alarm: MetricAlarm) { self.alarm = alarm }

  /// The newest datapoint that is not missing, of those in sight.
  var latest: Double? { datapoints.last { $0 != nil } ?? nil }

  /// Takes a sample of the period that is under way.
  mutating func record(_ depth: QueueDepth) {
    let value =
      switch alarm.metric {
      case .visible: Double(depth.visible)
      case .visiblePlusInFlight: Double(depth.visible + depth.inFlight)
      }
    sampleCount += 1
    sampleSum += value
    sampleMax = max(sampleMax, value)
    sampleMin = min(sampleMin, value)
  }

  /// Ends the period and evaluates the alarm.
  mutating func endPeriod() {
    append(datapoint: statistic)
    sampleCount = 0
    sampleSum = 0
    sampleMax = -.infinity
    sampleMin = .infinity
  }

  /// Evaluates the alarm with one datapoint more.
  mutating func append(datapoint: Double?) {
    datapoints.append(datapoint)
    if datapoints.count > alarm.evaluationPeriods + AlarmHistory.extraDatapointCount { datapoints.removeFirst() }
    state = evaluated()
  }

  private var statistic: Double? {
    guard sampleCount > 0 else { return nil }
    return switch alarm.statistic {
    case .average: sampleSum / Double(sampleCount)
    case .maximum: sampleMax
    case .minimum: sampleMin
    }
  }

  private func evaluated() -> State {
    let known = datapoints.compactMap { $0 }.suffix(alarm.evaluationPeriods)
    let breachingCount = known.count { alarm.isBreached(by: $0) }
    if breachingCount >= alarm.datapointsToAlarm { return .alarm }
    let missingCount = alarm.evaluationPeriods - known.count
    if missingCount == 0 { return .ok }
    switch alarm.missingData {
    case .notBreaching: return .ok
    case .breaching: return breachingCount + missingCount >= alarm.datapointsToAlarm ? .alarm : .ok
    case .ignore: return breachingCount < known.count ? .ok : state
    case .missing:
      if breachingCount < known.count { return .ok }
      // All that is known breaches. If it began long enough ago the alarm does not wait for the rest.
      let age = datapoints.firstIndex { $0 != nil }.map { datapoints.count - $0 } ?? 0
      return age >= alarm.datapointsToAlarm ? .alarm : .insufficientData
    }
  }
}
