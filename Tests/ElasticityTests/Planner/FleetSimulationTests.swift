import Foundation
import Testing

@testable import Elasticity

@Suite struct FleetSimulationTests {
  @Test("a burst on a fleet that stays as it is takes as long as its slots need")
  func makespan() throws {
    var scenario = PlanScenario(.burst(count: 1_000, over: .zero))
    scenario.concurrency = 2
    let result = try run(scenario, .fixed(5))
    #expect(result.imageCount == 1_000)
    // 100 images in each of ten slots, and the overhead of the last.
    #expect(result.makespan == .milliseconds(1_060))
    #expect(result.mostWorkers == 5)
    #expect(result.billedSeconds == 5 * 900)
    #expect(abs(result.utilisation - 10 / (10.0 * 900)) < 1e-9)
  }

  @Test("the fleet grows when the metric is known and the boot is over, and shrinks when idle has been seen twice")
  func timeline() throws {
    var scenario = PlanScenario(.burst(count: 100_000, over: .zero))
    scenario.bootTime = .seconds(90)
    scenario.metricDelay = .seconds(60)
    let result = try run(scenario, .standard)
    let moments = result.timeline.moments
    func first(_ condition: (PlanTimeline.Moment) -> Bool) -> Double? { moments.first(where: condition)?.seconds }
    // It came at 30 s, was sampled at 60 s and known at 120 s.
    #expect(first { $0.running > 1 } == 120)
    #expect(first { $0.ready > 1 } == 210)
    #expect(moments.map(\.running).max() == 14, "94 000 wait at the sample: 13 more")
    #expect(moments.map(\.depth.visible).max() == 98_000 - 6, "after the first 10 s, less what the worker holds")
    // Done at 233 s; empty at 240 s and 300 s, known at 360 s.
    #expect(moments.last { $0.running > 1 }?.seconds == 350)
    #expect(result.startedWorkerCount == 14)
    #expect(result.billedSeconds == 900 + 13 * 240)
  }

  @Test("more than the maximum can serve brings the maximum, and no more")
  func maximum() throws {
    let result = try run(PlanScenario(.burst(count: 400_000, over: .zero)), .standard)
    #expect(result.mostWorkers == 19)
    #expect(result.timeline.moments.allSatisfy { (1...19).contains($0.running) })
    #expect(result.timeline.moments.last?.running == 1)
    #expect(result.imageCount == 400_000)
  }

  @Test("a protected worker stays while it gets an image now and then; without protection it drains and goes")
  func protection() throws {
    // So few that most samples see nothing, and so many that none of six workers is idle for 30 s.
    var scenario = PlanScenario(.trace(try Self.burstAndTrickle()))
    let protected = try run(scenario, .standard)
    #expect(protected.timeline.moments.filter { $0.seconds > 600 && $0.seconds < 3_000 }.allSatisfy { $0.running == 6 })
    #expect(protected.timeline.moments.last?.running == 1)
    scenario.protection = nil
    let free = try run(scenario, .standard)
    #expect(free.timeline.moments.filter { $0.seconds > 600 }.allSatisfy { $0.running == 1 })
    #expect(free.imageCount == protected.imageCount)
    scenario.protection = .zero
    #expect(try run(scenario, .standard).billedSeconds < protected.billedSeconds)
  }

  @Test("a minute is the least that a worker costs, and only the workers' time costs, beside the calls")
  func billing() throws {
    var scenario = PlanScenario(.constant(rate: 1))
    scenario.duration = .milliseconds(100)
    // Two stops of a period of 60 s.
    let result = try run(scenario, .fixed(3))
    #expect(result.billedSeconds == 180)
    var prices = PlanPrices()
    prices.thousandPuts = 0
    prices.thousandGets = 0
    prices.millionQueueRequests = 0
    prices.instanceHour = 2
    #expect(abs(result.cost(prices) - 0.1) < 1e-9)
  }

  @Test("an image is two PUTs and a GET, and at load at most one more call in tenths")
  func requests() throws {
    let busy = try run(PlanScenario(.burst(count: 10_000, over: .zero)), .fixed(1))
    #expect(busy.requests.puts == 20_000)
    #expect(busy.requests.gets == 10_000)
    // Idle receivers of the rest of the time are in it: one for jobs and one for answers.
    let idle = 2 * 900 / 20.0
    #expect((4_000...15_000).contains(busy.requests.queueRequests - idle))
    let prices = PlanPrices()
    let expected = 20 * 0.005 + 10 * 0.0004 + busy.requests.queueRequests * 0.4e-6 + 0.10264 / 4
    #expect(abs(busy.cost(prices) - expected) < 1e-9)
  }

  @Test("what waits in vain is said, and not waited for")
  func hopeless() throws {
    var scenario = PlanScenario(.constant(rate: 1_000))
    scenario.serviceTime = .seconds(3_600)
    scenario.waitingCountMax = 10_000
    #expect(throws: PlanError("More than 10000 images wait: the fleet does not keep up.")) {
      var simulation = try FleetSimulation(scenario, policy: .fixed(1))
      _ = try simulation.run()
    }
  }

  @Test("scenarios out of range are refused")
  func ranges() {
    func refused(_ change: (inout PlanScenario) -> Void) -> Bool {
      var scenario = PlanScenario(.constant(rate: 1))
      change(&scenario)
      do { try scenario.validate() } catch { return true }
      return false
    }
    #expect(!refused { _ in })
    #expect(refused { $0.duration = .zero })
    #expect(refused { $0.duration = .seconds(1e9) })
    #expect(refused { $0.serviceTime = .zero })
    #expect(refused { $0.concurrency = 0 })
    #expect(refused { $0.prefetch = -1 })
    #expect(refused { $0.overhead = .seconds(-1) })
    #expect(refused { $0.bootTime = .seconds(4_000) })
    #expect(refused { $0.metricDelay = .seconds(-1) })
    #expect(refused { $0.samplesPerPeriod = 0 })
    #expect(refused { $0.protection = .seconds(-1) })
    #expect(
      refused {
        $0.arrivals = .constant(rate: 1_000_000)
        $0.duration = .seconds(366 * 86_400)
      })
  }

  @Test("a timeline keeps its bound and its peaks")
  func timelineBound() {
    var timeline = PlanTimeline()
    let count = 50_000
    for index in 0..<count {
      let visible = index == 31_337 ? 1_000 : 1
      timeline.add(
        PlanTimeline.Moment(
          seconds: Double(index), depth: QueueDepth(visible: visible, inFlight: 0), ready: 1, running: 1))
    }
    let moments = timeline.moments
    #expect(moments.count <= PlanTimeline.momentCountMax && moments.count > PlanTimeline.momentCountMax / 4)
    #expect(moments.last?.seconds == Double(count - 1))
    let peak = moments.first { $0.depth.visible == 1_000 }
    #expect(abs((peak?.seconds ?? 0) - 31_337) < 100)
    #expect(zip(moments, moments.dropFirst()).allSatisfy { $0.seconds < $1.seconds })
  }

  /// 20 000 at once, and then one image a second for an hour.
  private static func burstAndTrickle() throws -> ArrivalTrace {
    var text = "0\n30,20000\n"
    for second in 31...3_600 { text += "\(second)\n" }
    return try ArrivalTrace(name: "burst and trickle", data: Data(text.utf8))
  }

  private func run(_ scenario: PlanScenario, _ policy: ElasticityPolicy) throws -> PlanResult {
    var simulation = try FleetSimulation(scenario, policy: policy)
    return try simulation.run()
  }
}
