import Foundation

extension PlanComparison {
  private struct Entry: Encodable {
    struct Latency: Encodable {
      var p50, p90, p95, p99, p999, longest, mean, meanWait: Double
    }

    struct Requests: Encodable {
      var s3Put, s3Get, sqs, perImage: Double
    }

    var arrivals: String
    var policy: String
    var images: Int
    var latencySeconds: Latency
    var makespanSeconds: Double
    var simulatedSeconds: Double
    var mostWorkers: Int
    var startedWorkers: Int
    var utilisation: Double
    var instanceHours: Double
    var requests: Requests
    var dollars: Double
    var dollarsPer1000Images: Double
    var timeline: [Moment]
  }

  private struct Moment: Encodable {
    var seconds: Double
    var visible, inFlight, ready, running: Int
  }

  /// For programs: an array with an object for each scenario and policy.
  package var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let entries = parts.flatMap { part in part.rows.map { entry(of: $0, in: part.scenario) } }
    guard let data = try? encoder.encode(entries) else { preconditionFailure("a result has a number that is none") }
    return String(decoding: data, as: UTF8.self)
  }

  private func entry(of row: Row, in scenario: PlanScenario) -> Entry {
    let result = row.result
    func seconds(_ percentile: Double) -> Double { result.latency(percentile: percentile).inSeconds }
    let latency = Entry.Latency(
      p50: seconds(50), p90: seconds(90), p95: seconds(95), p99: seconds(99), p999: seconds(99.9),
      longest: seconds(100), mean: result.meanLatency.inSeconds,
      meanWait: result.meanWait.inSeconds)
    let requests = result.requests
    return Entry(
      arrivals: scenario.arrivals.name, policy: row.policy, images: result.imageCount, latencySeconds: latency,
      makespanSeconds: result.makespan.inSeconds, simulatedSeconds: result.simulated.inSeconds,
      mostWorkers: result.mostWorkers, startedWorkers: result.startedWorkerCount, utilisation: result.utilisation,
      instanceHours: result.instanceHours,
      requests: Entry.Requests(
        s3Put: requests.puts, s3Get: requests.gets, sqs: requests.queueRequests,
        perImage: requests.total / Double(max(1, result.imageCount))),
      dollars: result.cost(prices), dollarsPer1000Images: result.costPer1000(prices),
      timeline: result.timeline.moments.map {
        Moment(
          seconds: $0.seconds, visible: $0.depth.visible, inFlight: $0.depth.inFlight, ready: $0.ready,
          running: $0.running)
      })
  }
}
