import AWS
import EventLoop

extension WebMetrics {
  /// Attempts of AWS calls by service, operation and outcome, in that order.
  var attempts: [(key: AWSCallCounters.Key, value: Int)] {
    calls.attempts.sorted {
      ($0.key.service, $0.key.operation, $0.key.outcome.rawValue)
        < ($1.key.service, $1.key.operation, $1.key.outcome.rawValue)
    }
  }

  /// What those that are charged cost by list prices, by operation.
  var costs: [(operation: String, dollars: Double)] {
    var costs: [(operation: String, dollars: Double)] = []
    for (key, count) in attempts where AWSPrices.isCharged(key.outcome) {
      let dollars = Double(count) * AWSPrices.dollars(service: key.service, operation: key.operation)
      if costs.last?.operation == key.operation {
        costs[costs.count - 1].dollars += dollars
      } else {
        costs.append((key.operation, dollars))
      }
    }
    return costs
  }
}
