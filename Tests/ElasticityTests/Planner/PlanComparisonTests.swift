import Foundation
import FoundationXML
import Testing

@testable import Elasticity

/// The table of deploy/README.md, which `saccade plan` prints, with all times 48 times as short: a day is half an hour.
@Suite struct PlanComparisonTests {
  @Test(
    "the default is no slower than threshold-1 at p95, and cheaper",
    arguments: ["constant:300", "poisson:300", "burst:417", "daily:300"])
  func beatsThresholdOne(arrivals: String) throws {
    var scenario = PlanScenario(try Arrivals(arrivals))
    scenario.duration /= 48
    scenario.bootTime /= 48
    scenario.metricDelay /= 48
    scenario.protection = .seconds(30) / 48
    let (ours, theirs) = try (run(scenario, paced(.standard)), run(scenario, paced(.thresholdOne)))
    let comparison = PlanComparison(
      parts: [
        PlanComparison.Part(
          scenario: scenario,
          rows: [
            PlanComparison.Row(policy: "default", result: ours),
            PlanComparison.Row(policy: "threshold-1", result: theirs),
          ])
      ], prices: PlanPrices())
    #expect(ours.imageCount == theirs.imageCount)
    // The histogram's own resolution is a thousandth.
    #expect(ours.latency(percentile: 95) <= theirs.latency(percentile: 95) * 1.001, "\(comparison.table)")
    // By the workers' time: at this pace the minute that EC2 charges at least would be an hour.
    #expect(ours.workerSeconds < theirs.workerSeconds, "\(comparison.table)")
  }

  private func paced(_ policy: ElasticityPolicy) -> ElasticityPolicy {
    policy.paced(period: .seconds(60) / 48, minimum: 1, maximum: 19, warmup: .seconds(120) / 48)
  }

  @Test("a picture has a line for each policy in both charts of each scenario, and is XML")
  func picture() throws {
    let comparison = try twoByTwo()
    let document = try XMLDocument(xmlString: comparison.picture)
    let paths = try document.nodes(forXPath: "//*[local-name()='path'][@fill='none']")
    #expect(paths.count == 8)
    let texts = try document.nodes(forXPath: "//*[local-name()='text']").compactMap(\.stringValue)
    for text in ["one & only", "two <2>", "burst of 3000", "constant, 5 images/s", "visible", "workers", "minutes"] {
      #expect(texts.contains(text))
    }
  }

  @Test("JSON has an object for each scenario and policy, with the figures of the table")
  func json() throws {
    let comparison = try twoByTwo()
    let entries = try #require(
      try JSONSerialization.jsonObject(with: Data(comparison.json.utf8)) as? [[String: Any]])
    #expect(entries.count == 4)
    #expect(entries.map { $0["policy"] as? String } == ["one & only", "two <2>", "one & only", "two <2>"])
    let first = comparison.parts[0].rows[0].result
    #expect(entries[0]["images"] as? Int == 3_000)
    #expect((entries[0]["latencySeconds"] as? [String: Double])?["p95"] == first.latency(percentile: 95).inSeconds)
    #expect(entries[0]["instanceHours"] as? Double == first.instanceHours)
    #expect((entries[0]["timeline"] as? [Any])?.count == first.timeline.moments.count)
  }

  @Test("the table has a line for each policy, in columns")
  func table() throws {
    let lines = try twoByTwo().table.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 9)
    #expect(lines[0] == "burst of 3000: 3000 images")
    #expect(lines[1].hasPrefix("policy") && lines[1].count == lines[2].count && lines[2].count == lines[3].count)
    #expect(lines[4].isEmpty)
  }

  private func twoByTwo() throws -> PlanComparison {
    let parts = try ["burst:3000", "constant:5"].map { text in
      var scenario = PlanScenario(try Arrivals(text))
      scenario.duration = .seconds(1_800)
      let rows = try [("one & only", ElasticityPolicy.standard), ("two <2>", .thresholdOne)].map { name, policy in
        PlanComparison.Row(policy: name, result: try run(scenario, policy))
      }
      return PlanComparison.Part(scenario: scenario, rows: rows)
    }
    return PlanComparison(parts: parts, prices: PlanPrices())
  }

  private func run(_ scenario: PlanScenario, _ policy: ElasticityPolicy) throws -> PlanResult {
    var simulation = try FleetSimulation(scenario, policy: policy)
    return try simulation.run()
  }
}
