import Foundation

extension LoadReport {
  private struct Body: Encodable {
    struct Latency: Encodable {
      var count: Int
      var mean: Double?
      /// By percentile: "p50" to "p99.9", "max".
      var percentiles: [String: Double]
    }

    struct Accuracy: Encodable {
      var checked: Int
      var right: Int
      var ranked: Int
      var rightAmongFive: Int
    }

    struct Interval: Encodable {
      var seconds: Double
      var answered: Int
      var failed: Int
      var p50: Double?
      var p99: Double?
      var max: Double?
    }

    var target: String
    var loop: String
    var connections: Int
    var rateWanted: Double?
    var arrivals: String?
    var seed: UInt64?
    var seconds: Double
    var requests: Int
    var answered: Int
    var failed: Int
    var failures: [String: Int]
    var dropped: Int
    var interrupted: Int
    var warmUp: Int
    var answersPerSecond: Double
    /// From when a request was due; what timed out or was dropped counts as the timeout.
    var latencyMilliseconds: Latency
    /// From when it was begun.
    var serviceMilliseconds: Latency
    var accuracy: Accuracy?
    var connectionsOpenMax: Int
    var connectionsOpened: Int
    var requestsRepeated: Int
    var inFlightMax: Int
    var bytesSent: Int
    var bytesReceived: Int
    var cpuSeconds: Double
    var cpuMicrosecondsPerRequest: Double?
    var timeline: [Interval]
  }

  /// An object, without line ends.
  package var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(body) else { preconditionFailure("texts and numbers can be encoded") }
    return String(decoding: data, as: UTF8.self)
  }

  private var body: Body {
    var (rate, spacing): (Double?, String?) = (nil, nil)
    if case .open(let arrivals, let ratePerSecond) = plan.pacing {
      (rate, spacing) = (ratePerSecond, arrivals.rawValue)
    }
    let width = record.timeline.width / .seconds(1)
    return Body(
      target: target, loop: rate == nil ? "closed" : "open", connections: plan.connectionCount, rateWanted: rate,
      arrivals: spacing, seed: rate == nil ? nil : plan.seed, seconds: seconds, requests: due, answered: answered,
      failed: record.failedCount, failures: record.failures, dropped: record.droppedCount,
      interrupted: record.interruptedCount, warmUp: record.warmUpCount, answersPerSecond: self.rate,
      latencyMilliseconds: latency(record.latency), serviceMilliseconds: latency(record.service),
      accuracy: record.checkedCount == 0
        ? nil
        : Body.Accuracy(
          checked: record.checkedCount, right: record.rightCount, ranked: record.rankedCount,
          rightAmongFive: record.rightAmongFiveCount),
      connectionsOpenMax: connectionsMax, connectionsOpened: openedConnections, requestsRepeated: repeated,
      inFlightMax: busyMax, bytesSent: sentBytes, bytesReceived: receivedBytes, cpuSeconds: cpuSeconds,
      cpuMicrosecondsPerRequest: cpuMicrosecondsPerRequest,
      timeline: record.timeline.intervals.enumerated().map { index, interval in
        Body.Interval(
          seconds: Double(index) * width, answered: interval.answeredCount, failed: interval.failedCount,
          p50: interval.milliseconds(atPercentile: 50), p99: interval.milliseconds(atPercentile: 99),
          max: interval.milliseconds(atPercentile: 100))
      })
  }

  private func latency(_ latencies: Latencies) -> Body.Latency {
    var percentiles: [String: Double] = [:]
    for percentile in LoadReport.percentiles {
      let name = percentile == 100 ? "max" : "p" + (percentile == 99.9 ? "99.9" : String(Int(percentile)))
      percentiles[name] = latencies.milliseconds(atPercentile: percentile)
    }
    return Body.Latency(count: latencies.count, mean: latencies.meanMilliseconds, percentiles: percentiles)
  }
}
