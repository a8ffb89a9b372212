import ArgumentParser
import Elasticity
import Foundation

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Simulate scaling policies: latency, workers and cost.",
    discussion: """
      Plays images, queue, metrics and fleet as AWS has them, and prints what comes of each policy. Nothing is started and \
      no service is asked. The same seed gives the same figures.

      Examples:
        saccade plan
        saccade plan --print-policy > mine.json
        saccade plan --arrivals poisson:500 --policy default --policy mine.json
        saccade plan --arrivals burst:50000 --svg fleet.svg
      """)

  @Option(
    help: ArgumentHelp(
      """
      When images come: constant:RATE, poisson:RATE, burst:COUNT or burst:COUNT/SECONDS, daily:RATE or daily:RATE/PEAK \
      (images a second on average; the peak by the average), trace:FILE (a line for each time: seconds, and a count). \
      Several may be given. (default: one of each of the first four)
      """, valueName: "pattern"))
  var arrivals: [String] = []

  @Option(
    help: ArgumentHelp(
      "default, threshold-1, or a file as --print-policy writes it. Up to 20 may be given. (default: both)",
      valueName: "policy"),
    completion: .file(extensions: ["json"]))
  var policy: [String] = []

  @OptionGroup(title: "Workers and metrics") var machinery: PlanMachineryOptions

  @OptionGroup(title: "Prices in US dollars") var prices: PlanPriceOptions

  @Option(help: ArgumentHelp("What random numbers begin with.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("Write a picture of queue and fleet over time.", valueName: "file"),
    completion: .file(extensions: ["svg"]))
  var svg: String?

  @Flag(help: "Print all figures, and queue and fleet over time, as JSON.")
  var json = false

  @Flag(help: "Print the policy as JSON, in the one form that everything is made from, and end.")
  var printPolicy = false

  /// Bytes of a policy's file.
  private static let policySizeMax = 1 << 20
  /// Bytes of a trace: some 20 for each of its lines, which are bounded, too.
  private static let traceSizeMax = 4 << 30
  private static let sampleArrivals = ["constant:300", "poisson:300", "burst:20000", "daily:300"]

  func validate() throws {
    guard arrivals.count <= 100 else { throw ValidationError("At most 100 --arrivals.") }
    guard policy.count <= 20 else { throw ValidationError("At most 20 --policy.") }
    if printPolicy, policy.count > 1 { throw ValidationError("--print-policy prints one policy.") }
    try machinery.check()
    try prices.check()
  }

  func run() throws {
    let policies = try (policy.isEmpty ? ["default", "threshold-1"] : policy).map { (name: $0, policy: try read($0)) }
    if printPolicy { return print(policies[0].policy.json) }
    let scenarios = try (arrivals.isEmpty ? Self.sampleArrivals : arrivals).map(scenario)
    let clock = ContinuousClock()
    var parts: [PlanComparison.Part] = []
    let duration = try clock.measure {
      for scenario in scenarios {
        let rows = try policies.map { try row($0.name, $0.policy, scenario) }
        parts.append(PlanComparison.Part(scenario: scenario, rows: rows))
      }
    }
    let comparison = PlanComparison(parts: parts, prices: prices.prices)
    if let svg { try write(comparison.picture, to: svg) }
    print(json ? comparison.json : comparison.table)
    if !json { print("\n" + speed(comparison.imageCount, duration)) }
  }

  private func row(
    _ name: String, _ policy: ElasticityPolicy, _ scenario: PlanScenario
  ) throws -> PlanComparison.Row {
    do throws(PlanError) {
      var simulation = try FleetSimulation(scenario, policy: policy)
      return PlanComparison.Row(policy: name, result: try simulation.run())
    } catch {
      throw ValidationError("\(scenario.arrivals.name), \(name): \(error.description)")
    }
  }

  private func scenario(_ text: String) throws -> PlanScenario {
    do throws(PlanError) {
      var scenario = machinery.scenario(try readArrivals(text))
      scenario.seed = seed
      try scenario.validate()
      return scenario
    } catch {
      throw ValidationError("--arrivals: \(error.description)")
    }
  }

  private func readArrivals(_ text: String) throws(PlanError) -> Arrivals {
    guard text.hasPrefix("trace:") else { return try Arrivals(text) }
    let path = String(text.dropFirst("trace:".count))
    // Not a pipe or a device, which may have no end.
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    guard attributes?[.type] as? FileAttributeType == .typeRegular,
      let size = attributes?[.size] as? Int, size <= Self.traceSizeMax,
      let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    else { throw PlanError("'\(path)' is no file of at most 4 GiB that can be read.") }
    return .trace(try ArrivalTrace(name: path, data: data))
  }

  private func read(_ name: String) throws -> ElasticityPolicy {
    do throws(PolicyError) {
      return machinery.paced(try policy(named: name))
    } catch {
      throw ValidationError("--policy \(name): \(error.description)")
    }
  }

  private func policy(named name: String) throws(PolicyError) -> ElasticityPolicy {
    switch name {
    case "default": return .standard
    case "threshold-1": return .thresholdOne
    default:
      return try ElasticityPolicy(json: try contents(of: name))
    }
  }

  private func contents(of path: String) throws(PolicyError) -> Data {
    let data: Data
    do {
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      data = try file.read(upToCount: Self.policySizeMax + 1) ?? Data()
    } catch {
      throw PolicyError("", "It is neither default nor threshold-1 nor a file that can be read.")
    }
    guard data.count <= Self.policySizeMax else { throw PolicyError("", "It is too long for a policy.") }
    return data
  }

  private func write(_ picture: String, to path: String) throws {
    do {
      try Data(picture.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw ValidationError("--svg \(path): \(error.localizedDescription)")
    }
  }

  private func speed(_ imageCount: Int, _ duration: Duration) -> String {
    let seconds = duration / .seconds(1)
    let rate = Double(imageCount) / max(seconds, 1e-9) / 1e6
    return String(format: "%d arrivals simulated in %.2f s, %.1f million a second", imageCount, seconds, rate)
  }
}
