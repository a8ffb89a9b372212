package import Foundation

extension StatusReport {
  /// For people: some lines, without line ends.
  /// - Parameter now: To say for how long it has been up.
  package func lines(now: Date) -> [String] {
    ["Saccade is up at \(url) for \(StatusReport.duration(now.timeIntervalSince(startedAt)))", ""]
      + [queueLine, workersLine, ratesLine] + [""] + latencyLines + [""] + workerLines
  }

  /// For a terminal that scrolls or a file: one line for each moment.
  package func line(now: Date) -> String {
    let depth = queue.map { "visible \($0.visible)  in flight \($0.inFlight)" } ?? "the queue's depth is not known"
    let count = "wanted \(workers.wanted)  ready \(workers.ready)  busy \(workers.busy)"
    let rate = rates.map { "\($0.answered.short) answered/s" } ?? noRates
    let latency = latencies?.answer.map { "  median \($0.p50.milliseconds)  95 % \($0.p95.milliseconds)" } ?? ""
    let time = now.formatted(Date.ISO8601FormatStyle())
    return "\(time)  \(depth)  \(count)  \(rate)\(latency)"
  }

  private var queueLine: String {
    let depth = queue.map { "\($0.visible) visible, \($0.inFlight) in flight" } ?? "its depth is not known"
    return "queue      " + depth + (pending.map { "; \($0) answers waited for" } ?? "")
  }

  private var workersLine: String {
    let range =
      workers.minimum == workers.maximum ? "always \(workers.minimum)" : "\(workers.minimum) to \(workers.maximum)"
    let changing = [("starting", workers.starting), ("draining", workers.draining)].filter { $0.1 > 0 }
      .map { ", \($0.1) \($0.0)" }.joined()
    return "workers    \(workers.wanted) wanted (\(range)), \(workers.ready) ready, \(workers.busy) busy\(changing)"
  }

  private var ratesLine: String {
    guard let rates else { return "rates      " + noRates }
    return """
      rates      \(rates.answered.short) answered/s, \(rates.failed.short) failed/s, \(rates.refused.short) refused/s \
      (over \(rates.seconds.short) s)
      """
  }

  private var noRates: String { pending == nil ? "the web tier does not answer" : "not known yet" }

  private var latencyLines: [String] {
    guard let latencies else { return [] }
    let window = latencies.sinceStart ? "since the start" : "meanwhile"
    let heading = StatusReport.row("latency", ["median", "95 %", "99 %", "mean", "of"])
    return [heading + " " + window]
      + [
        ("answer", latencies.answer), ("upload", latencies.upload), ("in queue", latencies.queue),
        ("inference", latencies.inference),
      ].map { name, latency in
        let cells = latency.map {
          [$0.p50.milliseconds, $0.p95.milliseconds, $0.p99.milliseconds, $0.mean.milliseconds, String($0.count)]
        }
        return StatusReport.row("  " + name, cells ?? ["–"])
      }
  }

  private var workerLines: [String] {
    [StatusReport.row("worker", ["pid", "", "holds", "restarts"])]
      + workers.each.map { worker in
        let cells = [
          worker.pid.map { String($0) } ?? "–", worker.stage.rawValue, String(worker.held), String(worker.restarts),
        ]
        return StatusReport.row("  " + worker.name, cells)
      }
  }

  private static func row(_ name: String, _ cells: [String]) -> String {
    func spaces(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) }
    return name + spaces(name, 11) + cells.map { spaces($0, 10) + $0 }.joined()
  }

  /// The two largest units.
  private static func duration(_ seconds: Double) -> String {
    let seconds = max(0, Int(seconds))
    let units = [("d", seconds / 86_400), ("h", seconds / 3600 % 24), ("min", seconds / 60 % 60), ("s", seconds % 60)]
    let first = units.firstIndex { $0.1 > 0 } ?? 3
    return units[first...].prefix(2).map { "\($0.1) \($0.0)" }.joined(separator: " ")
  }
}

extension Double {
  fileprivate var short: String { String(format: "%.1f", self) }
  /// Of a number of milliseconds.
  fileprivate var milliseconds: String {
    switch self {
    case ..<10: String(format: "%.1f ms", self)
    case ..<10_000: String(format: "%.0f ms", self)
    default: (self / 1000).short + " s"
    }
  }
}
