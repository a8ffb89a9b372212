import Foundation

extension LoadReport {
  /// For people.
  package var text: String {
    var lines = ["\(target), \(manner)"]
    lines.append("")
    lines.append(
      "  answered      \(answered) of \(due) in \(String(format: "%.2f", seconds)) s, \(number(rate)) a second")
    if record.warmUpCount > 0 { lines.append("  warm-up       \(record.warmUpCount) more, not counted") }
    if record.failedCount > 0 { lines.append("  failed        \(record.failedCount)") }
    for (kind, count) in record.failures.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      lines.append("                \(count) \(kind)")
    }
    if record.droppedCount > 0 {
      lines.append("  dropped       \(record.droppedCount): due, and no connection was free within the timeout")
    }
    if record.interruptedCount > 0 { lines.append("  interrupted   \(record.interruptedCount)") }
    if record.checkedCount > 0 { lines.append("  right         \(accuracy)") }
    lines.append("")
    lines.append(contentsOf: table)
    lines.append("")
    let megabytes = Double(record.answeredByteCount) / 1e6
    lines.append(
      "  images        \(String(format: "%.1f", megabytes)) MB, \(number(megabytes / max(seconds, 1e-9))) MB/s")
    lines.append("  connections   \(connectionsMax) at once, \(openedConnections) opened\(repetitions)")
    lines.append("  in flight     \(busyMax) at most")
    if let cpu = cpuMicrosecondsPerRequest {
      lines.append("  own CPU       \(String(format: "%.2f", cpuSeconds)) s, \(number(cpu)) us a request")
    }
    return lines.joined(separator: "\n")
  }

  private var manner: String {
    switch plan.pacing {
    case .closed: "closed loop, \(plan.connectionCount) at once"
    case .open(let spacing, let rate):
      "open loop, \(number(rate)) a second (\(spacing.rawValue)), \(plan.connectionCount) connections at most"
    }
  }

  private var accuracy: String {
    var text = "\(record.rightCount) of \(record.checkedCount) (\(percent(record.rightCount, record.checkedCount)))"
    if record.rankedCount > 0 {
      text += ", among the first five \(percent(record.rightAmongFiveCount, record.rankedCount))"
    }
    return text
  }

  private var repetitions: String {
    repeated > 0 ? ", \(repeated) requests sent anew over another" : ""
  }

  /// In an open loop what a request took since it was due is another thing than what it took since it was sent.
  private var table: [String] {
    guard record.latency.count > 0 else { return ["  no latencies"] }
    let isOpen = plan.pacing != .closed
    var lines = ["  latency, ms" + (isOpen ? "     since due   since sent" : "")]
    for percentile in LoadReport.percentiles {
      let name = percentile == 100 ? "longest" : "p" + number(percentile)
      var line = "    " + name.padding(toLength: 10, withPad: " ", startingAt: 0)
      line += column(record.latency.milliseconds(atPercentile: percentile))
      if isOpen { line += column(record.service.milliseconds(atPercentile: percentile)) }
      lines.append(line)
    }
    var line = "    mean      " + column(record.latency.meanMilliseconds)
    if isOpen { line += column(record.service.meanMilliseconds) }
    lines.append(line)
    if record.overdueCount > 0 {
      lines.append("    \(record.overdueCount) of them timed out or were dropped, and count as the timeout")
    }
    return lines
  }

  private func column(_ value: Double?) -> String {
    let text = value.map { String(format: "%.2f", $0) } ?? ""
    return String(repeating: " ", count: max(0, 13 - text.count)) + text
  }

  private func percent(_ part: Int, _ whole: Int) -> String {
    String(format: "%.1f %%", 100 * Double(part) / Double(max(whole, 1)))
  }

  /// Lines that show how far a run is.
  /// - Parameter width: Of the bar, in characters.
  package func progress(width: Int = 30) -> [String] {
    let done = answered + record.failedCount + record.droppedCount + record.warmUpCount
    var share = 0.0
    if let count = plan.requestCount { share = Double(done) / Double(max(count, 1)) }
    if let duration = plan.duration { share = max(share, seconds / (duration / .seconds(1))) }
    let filled = Int(Double(width) * min(max(share, 0), 1))
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
    let total = plan.requestCount.map { "/\($0)" } ?? ""
    let failed = record.failedCount + record.droppedCount
    return [
      "[\(bar)] \(done)\(total)  \(number(rate))/s  \(inFlight) in flight"
        + (waiting > 0 ? ", \(waiting) waiting" : "") + "  \(failed) errors",
      latencyLine,
    ]
  }

  private var latencyLine: String {
    let parts = [50.0, 95, 99].compactMap { percentile in
      record.latency.milliseconds(atPercentile: percentile).map { "p\(number(percentile)) \(number($0)) ms" }
    }
    let longest = record.latency.maxMilliseconds.map { ["longest \(number($0)) ms"] } ?? []
    return parts.isEmpty ? "no answer yet" : (parts + longest).joined(separator: "  ")
  }

  /// Three digits or so, and no more than one after the point.
  private func number(_ value: Double) -> String {
    value == value.rounded() || value >= 1000 ? String(format: "%.0f", value) : String(format: "%.1f", value)
  }
}
