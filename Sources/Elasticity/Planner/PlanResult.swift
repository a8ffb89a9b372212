package import Histogram

/// What came of a policy in a scenario.
package struct PlanResult: Sendable {
  package var imageCount = 0
  /// From an image's arrival to its answer, microseconds.
  package var latencies: Histogram<UInt64>
  /// From its arrival until a slot took it, on average.
  package var meanWait: Duration = .zero
  /// From the first arrival to the last answer.
  package var makespan: Duration = .zero
  /// Until all was answered and the fleet at its minimum, and at least the scenario's duration.
  package var simulated: Duration = .zero
  /// Of all workers, the slots' time with an image by their time with none or one.
  package var utilisation = 0.0
  /// Workers' time from their order to their end.
  package var workerSeconds = 0.0
  /// The same, each at least the minute that EC2 charges.
  package var billedSeconds = 0.0
  package var startedWorkerCount = 0
  package var mostWorkers = 0
  package var requests = RequestEstimate()
  package var timeline = PlanTimeline()

  /// - Parameter percentile: 0 to 100.
  package func latency(percentile: Double) -> Duration {
    .microseconds(Int64(clamping: latencies.valueAtPercentile(percentile)))
  }

  package var meanLatency: Duration { latencies.totalCount == 0 ? .zero : .microseconds(latencies.mean) }

  package var instanceHours: Double { billedSeconds / 3_600 }

  package func cost(_ prices: PlanPrices) -> Double {
    instanceHours * prices.instanceHour + requests.cost(prices)
  }

  package func costPer1000(_ prices: PlanPrices) -> Double {
    imageCount == 0 ? 0 : cost(prices) / Double(imageCount) * 1_000
  }
}
