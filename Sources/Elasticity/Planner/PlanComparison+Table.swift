import Foundation

extension PlanComparison {
  private static let columns = [
    "policy", "p50", "p95", "p99", "longest", "most", "instance-hours", "busy", "calls/image", "$", "$/1000 images",
  ]

  /// For people: a table for each scenario.
  package var table: String {
    parts.map { part in
      let title = "\(part.scenario.arrivals.name): \(part.rows.first?.result.imageCount ?? 0) images"
      let rows = [Self.columns] + part.rows.map { cells(of: $0) }
      let widths = Self.columns.indices.map { column in rows.map(\.[column].count).max() ?? 0 }
      let lines = rows.map { row in
        row.indices.map { column in
          let padding = String(repeating: " ", count: widths[column] - row[column].count)
          return column == 0 ? row[column] + padding : padding + row[column]
        }.joined(separator: "  ")
      }
      return ([title] + lines).joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  private func cells(of row: Row) -> [String] {
    let result = row.result
    let callsPerImage = result.requests.total / Double(max(1, result.imageCount))
    return [
      row.policy, Self.seconds(result.latency(percentile: 50)), Self.seconds(result.latency(percentile: 95)),
      Self.seconds(result.latency(percentile: 99)), Self.seconds(result.latency(percentile: 100)),
      String(result.mostWorkers), Self.number(result.instanceHours, digits: 2),
      Self.number(result.utilisation * 100, digits: 0) + " %",
      Self.number(callsPerImage, digits: 2), Self.number(result.cost(prices), digits: 2),
      Self.number(result.costPer1000(prices), digits: 5),
    ]
  }

  private static func seconds(_ duration: Duration) -> String {
    let seconds = duration.inSeconds
    return seconds < 10 ? number(seconds * 1_000, digits: 0) + " ms" : number(seconds, digits: 1) + " s"
  }

  private static func number(_ value: Double, digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
