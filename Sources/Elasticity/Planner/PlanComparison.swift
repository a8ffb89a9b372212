/// Policies side by side, in several scenarios.
package struct PlanComparison: Sendable {
  package struct Row: Sendable {
    package var policy: String
    package var result: PlanResult

    package init(policy: String, result: PlanResult) {
      self.policy = policy
      self.result = result
    }
  }

  package struct Part: Sendable {
    package var scenario: PlanScenario
    package var rows: [Row]

    package init(scenario: PlanScenario, rows: [Row]) {
      self.scenario = scenario
      self.rows = rows
    }
  }

  package var parts: [Part]
  package var prices: PlanPrices

  package init(parts: [Part], prices: PlanPrices) {
    self.parts = parts
    self.prices = prices
  }

  package var imageCount: Int { parts.reduce(0) { $0 + $1.rows.reduce(0) { $0 + $1.result.imageCount } } }
}
