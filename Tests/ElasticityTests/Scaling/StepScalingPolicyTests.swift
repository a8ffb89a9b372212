import Testing

@testable import Elasticity

/// The examples and rules of the Amazon EC2 Auto Scaling User Guide, "Step and simple scaling policies".
@Suite struct StepScalingPolicyTests {
  @Test(
    "a percentage is rounded toward zero, and never to it",
    arguments: [
      (127, 10, 12), (67, 1, 1), (58, -1, -1), (667, -1, -6), (10, 10, 1), (11, 30, 3), (14, -10, -1), (0, 50, 0),
    ])
  func rounding(current: Int, percent: Int, change: Int) {
    let policy = percentPolicy(percent)
    #expect(policy.capacity(breach: 0, isAbove: true, current: current) == current + change)
  }

  @Test("25 per cent of 4 with a minimum magnitude of 2 adds 2, and so it is when removing")
  func minimumMagnitude() {
    #expect(percentPolicy(25, magnitude: 2).capacity(breach: 0, isAbove: true, current: 4) == 6)
    #expect(percentPolicy(-25, magnitude: 2).capacity(breach: 0, isAbove: true, current: 4) == 2)
    #expect(percentPolicy(100, magnitude: 2).capacity(breach: 0, isAbove: true, current: 4) == 8)
  }

  @Test("a change of capacity is added, an exact capacity is taken")
  func otherTypes() {
    var policy = percentPolicy(5)
    policy.adjustmentType = .changeInCapacity
    #expect(policy.capacity(breach: 0, isAbove: true, current: 3) == 8)
    policy.adjustmentType = .exactCapacity
    #expect(policy.capacity(breach: 0, isAbove: true, current: 3) == 5)
  }

  @Test("above the threshold of 50 a step of 0 to 10 holds 50 and not 60; below it one of -10 to 0 holds 50 and not 40")
  func bounds() {
    let high = StepAdjustment(lowerBound: 0, upperBound: 10, adjustment: 1)
    #expect(high.contains(breach: 0, isAbove: true))
    #expect(high.contains(breach: 9.9, isAbove: true))
    #expect(!high.contains(breach: 10, isAbove: true))
    let low = StepAdjustment(lowerBound: -10, upperBound: 0, adjustment: 1)
    #expect(low.contains(breach: 0, isAbove: false))
    #expect(low.contains(breach: -9.9, isAbove: false))
    #expect(!low.contains(breach: -10, isAbove: false))
  }

  @Test("steps that overlap, leave a gap or end in the middle are refused")
  func stepRules() throws {
    typealias Bounds = (Double?, Double?)
    func problem(_ bounds: [Bounds]) -> String? {
      refusal(bounds.map { StepAdjustment(lowerBound: $0.0, upperBound: $0.1, adjustment: 1) })
    }
    #expect(problem([(0, 10), (10, nil)]) == nil)
    #expect(problem([(nil, -20), (-20, -10), (-10, 0)]) == nil)
    #expect(problem([(nil, -5), (-5, 5), (5, nil)]) == nil)
    #expect(problem([]) == "has no steps.")
    #expect(problem([(nil, nil)]) == "has a step without bounds.")
    #expect(problem([(0, 10), (5, nil)]) == "has steps that overlap.")
    #expect(problem([(0, 10), (11, nil)]) == "has a gap between its steps.")
    #expect(problem([(0, 10)]) == "has a positive upper bound and no step above it.")
    #expect(problem([(-10, 0)]) == "has a negative lower bound and no step below it.")
    #expect(problem([(0, nil), (10, nil)]) == "has a step that begins or ends at infinity between others.")
    #expect(problem([(10, 10), (10, nil)]) == "has a step whose lower bound is not below its upper.")
    #expect(problem([(0, .infinity)]) == "has a bound that is no number.")
  }

  @Test("a minimum magnitude without percentage, a cooldown with two steps and negative numbers are refused")
  func numberRules() {
    let step = StepAdjustment(lowerBound: 0, upperBound: nil, adjustment: -1)
    func problem(_ change: (inout StepScalingPolicy) -> Void) -> String? {
      var policy = StepScalingPolicy(name: "p", adjustmentType: .changeInCapacity, steps: [step])
      change(&policy)
      return reason { () throws(PolicyError) in try policy.validate() }
    }
    #expect(problem { _ in } == nil)
    #expect(problem { $0.name = "" } == "has no name.")
    #expect(problem { $0.minAdjustmentMagnitude = 2 }?.contains("PercentChangeInCapacity") == true)
    #expect(problem { $0.adjustmentType = .exactCapacity } == "has a negative exact capacity.")
    #expect(problem { $0.estimatedInstanceWarmup = .seconds(-1) } == "has a negative warm-up.")
    #expect(problem { $0.cooldown = .seconds(-1) } == "has a negative cooldown.")
    let two = [
      StepAdjustment(lowerBound: 0, upperBound: 1, adjustment: 1),
      StepAdjustment(lowerBound: 1, upperBound: nil, adjustment: 2),
    ]
    #expect(
      problem {
        $0.cooldown = .seconds(1)
        $0.steps = two
      } == "has a cooldown, and then it must have one step.")
  }

  private func refusal(_ steps: [StepAdjustment]) -> String? {
    reason { () throws(PolicyError) in
      try StepScalingPolicy(name: "p", adjustmentType: .changeInCapacity, steps: steps).validate()
    }
  }

  private func reason(_ body: () throws(PolicyError) -> Void) -> String? {
    do throws(PolicyError) {
      try body()
      return nil
    } catch {
      return error.reason
    }
  }

  private func percentPolicy(_ percent: Int, magnitude: Int? = nil) -> StepScalingPolicy {
    StepScalingPolicy(
      name: "p", adjustmentType: .percentChangeInCapacity,
      steps: [StepAdjustment(lowerBound: 0, upperBound: nil, adjustment: percent)], minAdjustmentMagnitude: magnitude)
  }
}
