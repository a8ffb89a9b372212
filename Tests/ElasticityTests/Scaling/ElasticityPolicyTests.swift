import EventLoop
import Foundation
import TestSupport
import Testing

@testable import Elasticity

@Suite struct ElasticityPolicyTests {
  @Test("both policies are what AWS accepts, and are read again from their canonical form")
  func roundTrip() throws {
    for policy in [ElasticityPolicy.standard, .thresholdOne] {
      try policy.validate()
      #expect(try ElasticityPolicy(json: Data(policy.json.utf8)) == policy)
      #expect(policy.minimum == 1)
      #expect(policy.maximum == 19)
    }
  }

  @Test("the default scales out on visible messages in growing steps, and in when none is visible or in flight")
  func standard() throws {
    let out = try #require(ElasticityPolicy.standard.rules.first)
    #expect(out.alarm.metric == .visible)
    let adjustments = out.policy.steps.map(\.adjustment)
    #expect(adjustments == adjustments.sorted() && adjustments.allSatisfy { $0 > 0 })
    let scaleIn = try #require(ElasticityPolicy.standard.rules.last)
    #expect(scaleIn.alarm.metric == .visiblePlusInFlight)
    #expect(scaleIn.alarm.statistic == .maximum)
    #expect(scaleIn.alarm.isBreached(by: 0) && !scaleIn.alarm.isBreached(by: 1))
    #expect(scaleIn.alarm.datapointsToAlarm == scaleIn.alarm.evaluationPeriods && scaleIn.alarm.evaluationPeriods > 1)
  }

  @Test("durations are seconds and enumerations are AWS's words in the canonical form")
  func canonicalForm() {
    let json = ElasticityPolicy.thresholdOne.json
    #expect(json.contains("\"period\" : 60"))
    #expect(json.contains("\"comparison\" : \"LessThanThreshold\""))
    #expect(json.contains("\"adjustmentType\" : \"ExactCapacity\""))
    #expect(!json.contains("cooldown"))
  }

  @Test("a cooldown and a minimum magnitude survive the way through JSON")
  func optionalKeys() throws {
    var policy = ElasticityPolicy.thresholdOne
    policy.rules[0].policy.cooldown = .milliseconds(1500)
    policy.rules[1].policy.adjustmentType = .percentChangeInCapacity
    policy.rules[1].policy.minAdjustmentMagnitude = 2
    #expect(try ElasticityPolicy(json: Data(policy.json.utf8)) == policy)
  }

  @Test("what is wrong with a policy file is said")
  func errors() {
    func problem(_ json: String) -> String? {
      do throws(PolicyError) {
        _ = try ElasticityPolicy(json: Data(json.utf8))
        return nil
      } catch {
        return error.description
      }
    }
    let json = ElasticityPolicy.thresholdOne.json
    #expect(problem("{") == "The policy is not JSON.")
    #expect(problem("{\"minimum\":1,\"maximum\":2}") == "The policy has no '.rules'.")
    #expect(
      problem(json.replacing("\"period\" : 60", with: "\"period\" : \"60\""))
        == "The policy's '.rules[0].alarm.period' has another type of value than expected.")
    #expect(
      problem(json.replacing("ExactCapacity", with: "Exact"))
        == "The policy's '.rules[0].policy.adjustmentType' has an unknown value.")
    func minimum(_ number: Int) -> String? {
      problem(json.replacing("\"minimum\" : 1", with: "\"minimum\" : \(number)"))
    }
    #expect(minimum(0) == "The minimum is at least one worker.")
    #expect(minimum(20) == "The maximum is below the minimum.")
    #expect(problem(json.replacing("\"period\" : 60", with: "\"period\" : 1e300"))?.contains("period") == true)
    #expect(
      problem(json.replacing("\"no-messages\"", with: "\"messages\""))
        == "Two alarms, or two scaling policies, have the same name.")
    #expect(
      problem(json.replacing("\"datapointsToAlarm\" : 1", with: "\"datapointsToAlarm\" : 2"))
        == "Alarm 'messages' needs no datapoint, or more datapoints than it looks at.")
  }

  @Test("a policy at another pace is valid, with steps that are as many periods of a worker")
  func pace() throws {
    for policy in [ElasticityPolicy.standard, .thresholdOne] {
      for milliseconds in [10, 100, 500, 1_000, 5_000, 60_000, 120_000] {
        let period = Duration.milliseconds(milliseconds)
        let paced = policy.paced(period: period, minimum: 1, maximum: 4, warmup: .milliseconds(300))
        try paced.validate()
        #expect(paced.maximum == 4)
      }
    }
    let same = ElasticityPolicy.standard.paced(period: .seconds(60), minimum: 1, maximum: 19, warmup: .seconds(120))
    #expect(same.rules[0] == ElasticityPolicy.standard.rules[0])
    let fast = ElasticityPolicy.standard.paced(period: .seconds(1), minimum: 1, maximum: 19, warmup: .zero)
    #expect(fast.rules[0].alarm.threshold == 20)
    #expect(fast.rules[0].policy.steps.map(\.lowerBound) == [0, 380, 780, 1_580])
    #expect(fast.rules[0].policy.steps.map(\.upperBound) == [380, 780, 1_580, nil])
    let faster = ElasticityPolicy.standard.paced(period: .milliseconds(20), minimum: 1, maximum: 19, warmup: .zero)
    #expect(faster.rules[0].policy.steps.map(\.adjustment) == [13, 18], "backlogs of 8 and 16 are below the threshold")
  }

  @Test(
    "the default never leaves its bounds and ends at one worker, whatever the queue does",
    arguments: [1, 2, 3] as [UInt64])
  func bounds(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var scaler = Autoscaler(.standard, capacity: 1, at: .zero)
    var now = Duration.zero
    var inService = 1
    func settle(_ desired: Int) {
      while inService < desired {
        scaler.instanceReady(at: now)
        inService += 1
      }
      while inService > desired {
        scaler.instanceEnded(at: now)
        inService -= 1
      }
    }
    var highest = 0
    for _ in 0..<10_000 {
      now += .seconds(Double.random(in: 0..<90, using: &generator))
      let visible = Bool.random(using: &generator) ? 0 : Int.random(in: 0..<200_000, using: &generator)
      scaler.record(QueueDepth(visible: visible, inFlight: Int.random(in: 0..<3, using: &generator)), at: now)
      let desired = scaler.desiredCapacity(at: now)
      #expect((1...19).contains(desired))
      highest = max(highest, desired)
      if Int.random(in: 0..<3, using: &generator) == 0 { settle(desired) }
    }
    #expect(highest == 19)
    for _ in 0..<20 {
      now += .seconds(60)
      scaler.record(QueueDepth(visible: 0, inFlight: 0), at: now)
      settle(scaler.desiredCapacity(at: now))
    }
    #expect(inService == 1)
  }
}
