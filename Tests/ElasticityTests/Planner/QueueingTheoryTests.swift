import Testing

@testable import Elasticity

/// The simulated queue against what is known of it by formula.
@Suite struct QueueingTheoryTests {
  @Test(
    "M/M/c: the mean wait is Erlang C's within 3 per cent",
    arguments: [(servers: 1, load: 0.7), (servers: 4, load: 0.8), (servers: 8, load: 0.5), (servers: 38, load: 0.85)])
  func erlangC(servers: Int, load: Double) throws {
    let service = 0.01
    let result = try waits(servers: servers, load: load, service: service, distribution: .exponential)
    let expected = Self.erlangC(servers: servers, load: load) * service / (Double(servers) * (1 - load))
    let relative = result.meanWait.inSeconds / expected - 1
    #expect(abs(relative) < 0.03, "\(result.meanWait.inSeconds) s, by formula \(expected) s")
  }

  @Test("M/D/1: the mean wait is Pollaczek and Khinchine's, half of M/M/1's, within 3 per cent")
  func pollaczekKhinchine() throws {
    let service = 0.01
    let load = 0.8
    let result = try waits(servers: 1, load: load, service: service, distribution: .constant)
    let expected = load * service / (2 * (1 - load))
    #expect(abs(result.meanWait.inSeconds / expected - 1) < 0.03)
  }

  @Test("D/D/c below its capacity waits for nothing, and each image takes its service time and the overhead")
  func noWait() throws {
    var scenario = PlanScenario(.constant(rate: 300))
    scenario.duration = .seconds(60)
    scenario.concurrency = 4
    var simulation = try FleetSimulation(scenario, policy: .fixed(1))
    let result = try simulation.run()
    #expect(result.imageCount == 18_000)
    #expect(result.meanWait == .zero)
    for percentile in [1.0, 50, 100] {
      #expect(abs(result.latency(percentile: percentile).inSeconds - 0.07) < 0.000_1)
    }
  }

  /// The probability that an image waits, by the Erlang B recursion, which does not overflow.
  private static func erlangC(servers: Int, load: Double) -> Double {
    let offered = Double(servers) * load
    var blocking = 1.0
    for count in 1...servers { blocking = offered * blocking / (Double(count) + offered * blocking) }
    return blocking / (1 - load * (1 - blocking))
  }

  private func waits(
    servers: Int, load: Double, service: Double, distribution: PlanScenario.ServiceDistribution
  ) throws -> PlanResult {
    let rate = Double(servers) * load / service
    var scenario = PlanScenario(.poisson(rate: rate))
    scenario.duration = .seconds(400_000 / rate)
    scenario.serviceTime = .seconds(service)
    scenario.serviceDistribution = distribution
    // Workers with one slot each would do as well; here it is one with all.
    scenario.concurrency = servers
    var simulation = try FleetSimulation(scenario, policy: .fixed(1))
    return try simulation.run()
  }
}
