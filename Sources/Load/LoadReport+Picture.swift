import Figures
import Foundation

extension LoadReport {
  /// SVG: latency over time and by percentile, for dark and light backgrounds.
  package var picture: String {
    let charts = [timeChart, percentileChart].enumerated().map { index, chart in
      chart.svg(top: Chart.headHeight + Double(index) * Chart.partHeight)
    }
    let height = Chart.headHeight + 2 * Chart.partHeight
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Chart.width.text) \(height.text)" role="img" \
      aria-labelledby="title description" font-family="system-ui, sans-serif" font-size="12">
      <title id="title">Latency of \(target.xmlEscaped)</title>
      <desc id="description">\(summary.xmlEscaped)</desc>
      <style>
      svg { color: #1f2328; background: #fff } .grid { stroke: #d8dee4 } .curve { fill: none; stroke-width: 1.5 }
      .c0 { stroke: #0072b2 } .c1 { stroke: #d55e00 } .c2 { stroke: #767676; stroke-dasharray: 3 3 } .failed { fill: #cf222e }
      @media (prefers-color-scheme: dark) { svg { color: #e6edf3; background: #0d1117 } .grid { stroke: #30363d }
      .c0 { stroke: #56b4e9 } .c1 { stroke: #e69f00 } .c2 { stroke: #a0a0a0 } .failed { fill: #ff7b72 } }
      text { fill: currentColor }
      </style>
      <rect width="100%" height="100%" fill="none"/>
      <text x="\(Chart.left.text)" y="20" font-weight="600">\(summary.xmlEscaped)</text>
      \(charts.joined(separator: "\n"))
      </svg>

      """
  }

  private var summary: String {
    let p99 = record.latency.milliseconds(atPercentile: 99).map { ", p99 \($0.text) ms" } ?? ""
    return "\(answered) of \(due) answered, \(rate.text) a second\(p99)"
  }

  private var timeChart: Chart {
    let width = record.timeline.width / .seconds(1)
    let intervals = record.timeline.intervals.enumerated()
    func curve(_ name: String, _ style: String, _ percentile: Double) -> Chart.Curve {
      Chart.Curve(
        name: name, style: style,
        points: intervals.compactMap { index, interval in
          interval.milliseconds(atPercentile: percentile).map { (x: (Double(index) + 0.5) * width, y: $0) }
        })
    }
    let end = Double(record.timeline.intervals.count) * width
    let step = (end / 10).niceStep
    return Chart(
      title: "milliseconds, by the second in which requests were due",
      curves: [curve("p50", "c0", 50), curve("p99", "c1", 99), curve("longest", "c2", 100)],
      marks: intervals.filter { $0.element.failedCount > 0 }.map { (Double($0.offset) + 0.5) * width },
      range: 0...max(end, 1e-3),
      ticks: stride(from: 0, through: end, by: step).map { ($0, $0.text + " s") })
  }

  /// The more nines, the further to the right.
  private var percentileChart: Chart {
    let ticks = [0.0, 50, 90, 99, 99.9, 99.99, 99.999]
    func place(_ percentile: Double) -> Double { -log10(max(1 - percentile / 100, 1e-7)) }
    func curve(_ name: String, _ style: String, _ latencies: Latencies) -> Chart.Curve {
      let last = place(100 * (1 - 1 / Double(max(latencies.count, 2))))
      return Chart.Curve(
        name: name, style: style,
        points: latencies.count == 0
          ? []
          : stride(from: 0, through: last, by: 0.05).map { x in
            let percentile = 100 * (1 - pow(10, -x))
            return (x: x, y: latencies.milliseconds(atPercentile: percentile) ?? 0)
          } + [(x: last, y: latencies.maxMilliseconds ?? 0)])
    }
    var curves = [curve("since due", "c0", record.latency)]
    if plan.pacing != .closed { curves.append(curve("since sent", "c1", record.service)) }
    let end = max(curves.compactMap { $0.points.last?.x }.max() ?? 1, 1)
    return Chart(
      title: "milliseconds, by percentile", curves: curves, marks: [], range: 0...end,
      ticks: ticks.map { (place($0), $0.percentileText) }.filter { $0.0 <= end })
  }
}

/// One chart: curves over a common axis.
private struct Chart {
  struct Curve {
    let name: String
    let style: String
    let points: [(x: Double, y: Double)]
  }

  static let width = 960.0
  static let left = 80.0
  static let right = 940.0
  static let headHeight = 36.0
  static let height = 200.0
  static let titleHeight = 26.0
  static let axisHeight = 34.0
  static let partHeight = titleHeight + height + axisHeight

  let title: String
  let curves: [Curve]
  /// Where something has failed.
  let marks: [Double]
  let range: ClosedRange<Double>
  let ticks: [(at: Double, name: String)]

  func svg(top: Double) -> String {
    let (top, bottom) = (top + Chart.titleHeight, top + Chart.titleHeight + Chart.height)
    let most = max(curves.flatMap { $0.points.map(\.y) }.max() ?? 1, 1e-3)
    let step = (most / 4).niceStep
    let ceiling = (most / step).rounded(.up) * step
    var lines = ["<text x=\"\(Chart.left.text)\" y=\"\((top - 10).text)\">\(title)</text>"]
    var x = Chart.right
    for curve in curves.reversed() {
      x -= Double(curve.name.count) * 7 + 40
      lines.append(
        """
        <path class="curve \(curve.style)" d="M\(x.text) \((top - 14).text)h20"/>\
        <text x="\((x + 26).text)" y="\((top - 10).text)">\(curve.name)</text>
        """)
    }
    for tick in stride(from: 0, through: ceiling + step / 2, by: step) {
      let y = bottom - Chart.height * tick / ceiling
      lines.append(
        """
        <path class="grid" d="M\(Chart.left.text) \(y.text)H\(Chart.right.text)"/>\
        <text x="\((Chart.left - 6).text)" y="\((y + 4).text)" text-anchor="end">\(tick.text)</text>
        """)
    }
    for tick in ticks {
      lines.append(
        "<text x=\"\(place(tick.at).text)\" y=\"\((bottom + 18).text)\" text-anchor=\"middle\">\(tick.name)</text>")
    }
    for curve in curves where !curve.points.isEmpty {
      let path = curve.points.map { point in
        "\(place(point.x).text) \((bottom - Chart.height * point.y / ceiling).text)"
      }.joined(separator: "L")
      lines.append("<path class=\"curve \(curve.style)\" d=\"M\(path)\"/>")
    }
    for mark in marks {
      lines.append("<path class=\"failed\" d=\"M\(place(mark).text) \(bottom.text)l-4 7h8z\"/>")
    }
    return lines.joined(separator: "\n")
  }

  private func place(_ x: Double) -> Double {
    Chart.left + (Chart.right - Chart.left) * (x - range.lowerBound) / (range.upperBound - range.lowerBound)
  }
}

extension Double {
  fileprivate var text: String { text(digits: 2) }

  fileprivate var percentileText: String {
    self == 0 ? "0" : "p" + (self == rounded() ? String(format: "%.0f", self) : String(self))
  }
}

private func escaped(_ text: String) -> String {
  text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
}
