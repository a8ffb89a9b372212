package import Foundation

/// What `saccade status` says, before it is text.
package struct StatusReport: Sendable, Equatable, Encodable {
  /// A moment's state.
  package struct Sample: Sendable, Equatable {
    package var at: ContinuousClock.Instant
    package var machine: MachineState
    /// `nil` while the web tier does not answer.
    package var figures: ServiceFigures?

    package init(at: ContinuousClock.Instant, machine: MachineState, figures: ServiceFigures?) {
      self.at = at
      self.machine = machine
      self.figures = figures
    }
  }

  package struct Workers: Sendable, Equatable, Encodable {
    package var minimum: Int
    package var maximum: Int
    package var wanted: Int
    package var ready: Int
    package var busy: Int
    package var starting: Int
    package var draining: Int
    package var each: [FleetState.Worker]
  }

  /// Images a second.
  package struct Rates: Sendable, Equatable, Encodable {
    /// Over so many seconds.
    package var seconds: Double
    package var answered: Double
    package var failed: Double
    package var refused: Double
  }

  /// Milliseconds, estimated from the web tier's histograms.
  package struct Latency: Sendable, Equatable, Encodable {
    /// Of how many.
    package var count: Int
    package var mean: Double
    package var p50: Double
    package var p95: Double
    package var p99: Double

    fileprivate init?(_ latency: ServiceFigures.Latency) {
      guard let mean = latency.mean, let p50 = latency.quantile(0.5), let p95 = latency.quantile(0.95),
        let p99 = latency.quantile(0.99)
      else { return nil }
      count = Int(latency.count)
      self.mean = mean * 1000
      self.p50 = p50 * 1000
      self.p95 = p95 * 1000
      self.p99 = p99 * 1000
    }
  }

  package struct Latencies: Sendable, Equatable, Encodable {
    /// Whether they are of all images since the web tier's start, and not of those in the time that rates are over.
    package var sinceStart: Bool
    package var answer: Latency?
    package var upload: Latency?
    package var queue: Latency?
    package var inference: Latency?
  }

  package var url: String
  package var pid: Int32
  package var startedAt: Date
  package var queue: FleetState.Queue?
  package var workers: Workers
  /// Images whose answer somebody waits for.
  package var pending: Int?
  package var rates: Rates?
  package var latencies: Latencies?

  /// - Parameters:
  ///   - samples: In their order, at least one; rates are over the time from the first to the last.
  ///   - sinceStart: See ``Latencies/sinceStart``.
  package init(_ samples: [Sample], latenciesSinceStart sinceStart: Bool) {
    guard let first = samples.first, let last = samples.last else { preconditionFailure("nothing to report") }
    let machine = last.machine
    url = machine.url
    pid = machine.pid
    startedAt = machine.startedAt
    queue = machine.fleet.queue
    workers = Workers(machine.fleet)
    guard let figures = last.figures else { return }
    pending = Int(figures.pending)
    let recent = first.figures.map { figures.since($0) }
    let seconds = (last.at - first.at) / .seconds(1)
    if let recent, seconds > 0 {
      rates = Rates(
        seconds: seconds, answered: recent.answered / seconds, failed: recent.failed / seconds,
        refused: recent.refused / seconds)
    }
    if let shown = sinceStart ? figures : recent {
      latencies = Latencies(
        sinceStart: sinceStart, answer: Latency(shown.answer), upload: Latency(shown.upload),
        queue: Latency(shown.queue), inference: Latency(shown.inference))
    }
  }

  /// An object, without line ends.
  package var json: String {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("texts, times and numbers can be encoded") }
    return String(decoding: data, as: UTF8.self)
  }
}

extension StatusReport.Workers {
  fileprivate init(_ fleet: FleetState) {
    self.init(
      minimum: fleet.minimum, maximum: fleet.maximum, wanted: fleet.wanted, ready: fleet.readyCount,
      busy: fleet.count(of: .busy), starting: fleet.count(of: .starting), draining: fleet.count(of: .draining),
      each: fleet.workers)
  }
}
