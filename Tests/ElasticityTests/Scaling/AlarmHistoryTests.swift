import Testing

@testable import Elasticity

/// The tables of the Amazon CloudWatch User Guide, "How alarm state is evaluated when data is missing".
@Suite struct AlarmHistoryTests {
  /// Five datapoints, the oldest first: `0` does not breach, `X` does, `-` is missing; and the state for missing data as
  /// missing, ignored, breaching and not breaching: `O` OK, `A` alarm, `I` too little data, `R` the state before.
  @Test(
    "three datapoints of three",
    arguments: [
      ("0-X-X", "OOOO"), ("0----", "OOOO"), ("-----", "IRAO"), ("0XX-X", "AAAA"), ("----X", "IRAO"), ("X----", "ARAO"),
    ])
  func threeOfThree(datapoints: String, states: String) {
    check(datapoints, states, needed: 3)
  }

  @Test(
    "two datapoints of three",
    arguments: [("0-X-X", "AAAA"), ("00X0X", "AAAA"), ("0-X--", "OOAO"), ("----0", "OOAO"), ("----X", "IRAO")])
  func twoOfThree(datapoints: String, states: String) {
    check(datapoints, states, needed: 2)
  }

  @Test("an ignored gap keeps the state there was")
  func ignoredGap() {
    var history = AlarmHistory(alarm(needed: 1, of: 1, missingData: .ignore))
    history.append(datapoint: 5)
    for _ in 0..<10 {
      history.append(datapoint: nil)
      #expect(history.state == .alarm)
    }
    history.append(datapoint: 0)
    #expect(history.state == .ok)
    history.append(datapoint: nil)
    #expect(history.state == .ok)
  }

  @Test("a period's samples become its average, maximum or minimum")
  func statistics() {
    for (statistic, expected) in [(MetricAlarm.Statistic.average, 4.0), (.maximum, 9), (.minimum, 1)] {
      var definition = alarm(needed: 1, of: 1)
      definition.statistic = statistic
      var history = AlarmHistory(definition)
      for visible in [2, 9, 1] { history.record(QueueDepth(visible: visible, inFlight: 100)) }
      history.endPeriod()
      #expect(history.latest == expected)
      history.record(QueueDepth(visible: 3, inFlight: 0))
      history.endPeriod()
      #expect(history.latest == 3)
    }
  }

  @Test("visible and in flight are added up in each sample")
  func sum() {
    var definition = alarm(needed: 1, of: 1)
    definition.metric = .visiblePlusInFlight
    var history = AlarmHistory(definition)
    history.record(QueueDepth(visible: 0, inFlight: 4))
    history.record(QueueDepth(visible: 3, inFlight: 2))
    history.endPeriod()
    #expect(history.latest == 5)
  }

  private func check(_ datapoints: String, _ states: String, needed: Int) {
    let treatments: [MetricAlarm.MissingData] = [.missing, .ignore, .breaching, .notBreaching]
    for (treatment, expected) in zip(treatments, states) {
      var history = AlarmHistory(alarm(needed: needed, of: 3, missingData: treatment))
      var before = history.state
      for datapoint in datapoints {
        before = history.state
        history.append(datapoint: datapoint == "-" ? nil : datapoint == "X" ? 5 : 0)
      }
      let state: AlarmHistory.State =
        switch expected {
        case "O": .ok
        case "A": .alarm
        case "I": .insufficientData
        default: before
        }
      #expect(history.state == state, "\(datapoints), missing data is \(treatment)")
    }
  }

  private func alarm(
    needed: Int, of periods: Int, missingData: MetricAlarm.MissingData = .notBreaching
  ) -> MetricAlarm {
    MetricAlarm(
      name: "a", metric: .visible, statistic: .maximum, comparison: .greaterThanOrEqual, threshold: 1,
      period: .seconds(60), evaluationPeriods: periods, datapointsToAlarm: needed, missingData: missingData)
  }
}
