import Testing

@testable import Elasticity

/// The worked example of the Amazon EC2 Auto Scaling User Guide, "Step adjustments" and "Instance warm-up", with messages
/// for per cents of CPU: ten instances, a threshold of 50, steps of 10 and 30 per cent.
@Suite struct AutoscalerTests {
  @Test("60 adds 10 per cent of 10, then 70 30 per cent of 11; 40 removes 10 per cent of 14, then 30 30 per cent of 13")
  func workedExample() {
    var group = Group(Self.example, capacity: 10)
    for unchanged in [59, 41, 50] { #expect(group.minute(unchanged) == 10) }
    #expect(group.minute(60) == 11)
    group.launch()
    group.warmUp()
    #expect(group.minute(70) == 14)
    group.launch()
    group.warmUp()
    #expect(group.minute(40) == 13)
    group.end()
    #expect(group.minute(30) == 10)
  }

  @Test("while an instance warms up, 62 adds nothing and 70 adds two, for a new capacity of 13")
  func warmUp() {
    var group = Group(Self.example, capacity: 10)
    #expect(group.minute(60) == 11)
    group.launch()
    #expect(group.minute(62) == 11)
    #expect(group.minute(70) == 13)
  }

  @Test("nothing is removed while instances are started or warm up")
  func noScaleInDuringScaleOut() {
    var group = Group(Self.example, capacity: 10)
    #expect(group.minute(70) == 13)
    #expect(group.minute(20) == 13, "three are being started")
    group.launch()
    #expect(group.minute(20) == 13, "three warm up")
    group.warmUp()
    #expect(group.minute(20) == 10, "30 per cent of 13")
  }

  @Test("instances that are to end count until they are gone: the same step removes nothing more")
  func terminating() {
    var group = Group(Self.example, capacity: 10)
    #expect(group.minute(20) == 7)
    #expect(group.minute(20) == 7)
    group.end()
    #expect(group.minute(20) == 5)
  }

  @Test("an alarm acts again in each period in which it lasts, and up to the maximum")
  func repeatedAction() {
    var group = Group(Self.example, capacity: 10)
    var capacities: [Int] = []
    for _ in 0..<5 {
      capacities.append(group.minute(90))
      group.launch()
      group.warmUp()
    }
    #expect(capacities == [13, 16, 20, 20, 20])
  }

  @Test("one that ends by itself is replaced, and is not capacity until then")
  func replacement() {
    var group = Group(Self.example, capacity: 10)
    group.scaler.instanceEnded(at: group.now)
    #expect(group.minute(60) == 10, "10 per cent of 9")
    #expect(group.minute(70) == 11, "30 per cent of 9")
  }

  @Test("of two policies in alarm the one with the larger capacity wins")
  func largestWins() {
    var policy = Self.example
    var other = policy.rules[0]
    other.alarm.name = "other"
    other.policy = StepScalingPolicy(
      name: "other", adjustmentType: .exactCapacity,
      steps: [StepAdjustment(lowerBound: 0, upperBound: nil, adjustment: 12)])
    policy.rules.append(other)
    var group = Group(policy, capacity: 10)
    #expect(group.minute(60) == 12)
    #expect(group.minute(75) == 13)
  }

  @Test("a simple policy waits until its instance is in service and its cooldown is over")
  func cooldown() {
    var policy = Self.example
    policy.rules[0].policy = StepScalingPolicy(
      name: "simple", adjustmentType: .changeInCapacity,
      steps: [StepAdjustment(lowerBound: 0, upperBound: nil, adjustment: 1)], cooldown: .seconds(300))
    policy.rules[1].policy.estimatedInstanceWarmup = .zero
    var group = Group(policy, capacity: 10)
    #expect(group.minute(60) == 11)
    for _ in 0..<10 { #expect(group.minute(60) == 11, "being started") }
    group.launch()
    for _ in 0..<4 { #expect(group.minute(60) == 11, "cooling down") }
    #expect(group.minute(60) == 12)
  }

  @Test("an alarm on several periods acts after all of them, and later samples of a period belong to it")
  func evaluationPeriods() {
    var policy = Self.example
    policy.rules[1].alarm.evaluationPeriods = 3
    policy.rules[1].alarm.datapointsToAlarm = 3
    policy.rules[1].alarm.statistic = .maximum
    var scaler = Autoscaler(policy, capacity: 10, at: .zero)
    func depth(_ visible: Int) -> QueueDepth { QueueDepth(visible: visible, inFlight: 0) }
    for second in stride(from: 0, to: 120, by: 10) { scaler.record(depth(20), at: .seconds(second)) }
    scaler.record(depth(45), at: .seconds(125))
    scaler.record(depth(20), at: .seconds(175))
    #expect(scaler.desiredCapacity(at: .seconds(180)) == 10, "the third minute's maximum is 45: its step is 0 per cent")
    for second in stride(from: 180, to: 240, by: 10) { scaler.record(depth(20), at: .seconds(second)) }
    #expect(scaler.desiredCapacity(at: .seconds(239)) == 10)
    #expect(scaler.desiredCapacity(at: .seconds(240)) == 7)
  }

  private static let warmup = Duration.seconds(150)

  static let example = ElasticityPolicy(
    minimum: 1, maximum: 20,
    rules: [
      ElasticityPolicy.Rule(
        alarm: alarm("high", .greaterThanOrEqual),
        policy: StepScalingPolicy(
          name: "out", adjustmentType: .percentChangeInCapacity,
          steps: [
            StepAdjustment(lowerBound: 0, upperBound: 10, adjustment: 0),
            StepAdjustment(lowerBound: 10, upperBound: 20, adjustment: 10),
            StepAdjustment(lowerBound: 20, upperBound: nil, adjustment: 30),
          ],
          estimatedInstanceWarmup: warmup)),
      ElasticityPolicy.Rule(
        alarm: alarm("low", .lessThanOrEqual),
        policy: StepScalingPolicy(
          name: "in", adjustmentType: .percentChangeInCapacity,
          steps: [
            StepAdjustment(lowerBound: nil, upperBound: -20, adjustment: -30),
            StepAdjustment(lowerBound: -20, upperBound: -10, adjustment: -10),
            StepAdjustment(lowerBound: -10, upperBound: 0, adjustment: 0),
          ])),
    ])

  private static func alarm(_ name: String, _ comparison: MetricAlarm.Comparison) -> MetricAlarm {
    MetricAlarm(
      name: name, metric: .visible, statistic: .average, comparison: comparison, threshold: 50, period: .seconds(60),
      evaluationPeriods: 1, datapointsToAlarm: 1, missingData: .notBreaching)
  }

  /// A group whose instances start and end when the test says so.
  private struct Group {
    var scaler: Autoscaler
    var now = Duration.zero
    private var inService: Int

    init(_ policy: ElasticityPolicy, capacity: Int) {
      scaler = Autoscaler(policy, capacity: capacity, at: .zero)
      inService = capacity
    }

    /// Lets a minute pass, with one sample in it.
    mutating func minute(_ visible: Int) -> Int {
      scaler.record(QueueDepth(visible: visible, inFlight: 0), at: now)
      now += .seconds(60)
      return desired
    }

    /// Lets the time pass that instances need, with a metric that changes nothing.
    mutating func warmUp() {
      for _ in 0..<3 { _ = minute(50) }
    }

    private var desired: Int {
      var scaler = scaler
      return scaler.desiredCapacity(at: now)
    }

    mutating func launch() {
      while inService < desired {
        scaler.instanceReady(at: now)
        inService += 1
      }
    }

    mutating func end() {
      while inService > desired {
        scaler.instanceEnded(at: now)
        inService -= 1
      }
    }
  }
}
