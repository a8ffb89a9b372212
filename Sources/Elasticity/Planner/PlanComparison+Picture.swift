import Figures

extension PlanComparison {
  /// SVG: for each scenario the messages that are visible and, below, the workers that are paid for, over time, with a line
  /// for each policy.
  package var picture: String {
    let rows = parts.enumerated().map { index, part in
      Panels(part: part, top: Layout.headHeight + Double(index) * Layout.partHeight).svg
    }
    let height = Layout.headHeight + Double(parts.count) * Layout.partHeight
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Layout.width.text) \(height.text)" \
      font-family="system-ui, sans-serif" font-size="12">
      <rect width="100%" height="100%" fill="#fff"/>
      \(legend)
      \(rows.joined(separator: "\n"))
      </svg>

      """
  }

  private var legend: String {
    (parts.first?.rows ?? []).enumerated().map { index, row in
      let x = Layout.left + Double(index) * 180
      return """
        <path d="M\(x.text) 20h24" stroke="\(Layout.colour(index))" stroke-width="3"/>\
        <text x="\((x + 30).text)" y="24">\(row.policy.xmlEscaped)</text>
        """
    }.joined(separator: "\n")
  }
}

private enum Layout {
  static let width = 960.0
  static let left = 80.0
  static let right = 940.0
  static let headHeight = 40.0
  static let queueHeight = 140.0
  static let fleetHeight = 100.0
  static let titleHeight = 30.0
  static let gap = 16.0
  static let axisHeight = 44.0
  static let partHeight = titleHeight + queueHeight + gap + fleetHeight + axisHeight

  /// Told apart by those who see few colours, too (Okabe and Ito 2008).
  private static let colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]

  static func colour(_ index: Int) -> String { colours[index % colours.count] }
}

/// The two charts of a scenario, which share their axis of time.
private struct Panels {
  let part: PlanComparison.Part
  let top: Double

  private var seconds: Double { part.rows.compactMap(\.result.timeline.moments.last?.seconds).max() ?? 1 }

  var svg: String {
    let queueTop = top + Layout.titleHeight
    let fleetTop = queueTop + Layout.queueHeight + Layout.gap
    return [
      """
      <text x="\(Layout.left.text)" y="\((top + 18).text)" font-weight="600">\(part.scenario.arrivals.name.xmlEscaped)</text>
      """,
      chart(top: queueTop, height: Layout.queueHeight, label: "visible") { $0.depth.visible },
      chart(top: fleetTop, height: Layout.fleetHeight, label: "workers") { $0.running },
      timeAxis(at: fleetTop + Layout.fleetHeight),
    ].joined(separator: "\n")
  }

  private func chart(
    top: Double, height: Double, label: String, value: (PlanTimeline.Moment) -> Int
  ) -> String {
    let most = part.rows.flatMap { $0.result.timeline.moments.map(value) }.max() ?? 0
    let unit = max(1, (Double(max(most, 1)) / 4).niceStep)
    let ceiling = (Double(max(most, 1)) / unit).rounded(.up) * unit
    let lines = stride(from: 0, through: ceiling, by: unit).map { tick in
      let y = top + height * (1 - tick / ceiling)
      return """
        <path d="M\(Layout.left.text) \(y.text)H\(Layout.right.text)" stroke="#ddd"/>\
        <text x="\((Layout.left - 6).text)" y="\((y + 4).text)" text-anchor="end">\(tick.text)</text>
        """
    }
    let paths = part.rows.enumerated().map { index, row in
      let points = row.result.timeline.moments.map { moment in
        (x: x(moment.seconds), y: top + height * (1 - Double(value(moment)) / ceiling))
      }
      return "<path d=\"\(path(points))\" fill=\"none\" stroke=\"\(Layout.colour(index))\" stroke-width=\"1.5\"/>"
    }
    let middle = (top + height / 2).text
    let title = "<text transform=\"translate(16 \(middle)) rotate(-90)\" text-anchor=\"middle\">\(label)</text>"
    return (lines + paths + [title]).joined(separator: "\n")
  }

  /// Steps, and no point where nothing changes.
  private func path(_ points: [(x: Double, y: Double)]) -> String {
    guard let first = points.first else { return "" }
    var text = "M\(first.x.text) \(first.y.text)"
    var height = first.y
    for point in points.dropFirst() where point.y != height {
      text += "H\(point.x.text)V\(point.y.text)"
      height = point.y
    }
    return text + "H\(points[points.count - 1].x.text)"
  }

  private func timeAxis(at y: Double) -> String {
    let (unit, name) = seconds > 7_200 ? (3_600.0, "hours") : seconds > 300 ? (60.0, "minutes") : (1.0, "seconds")
    let step = max(1, (seconds / unit / 10).niceStep)
    let ticks = stride(from: 0, through: seconds / unit, by: step).map { tick in
      "<text x=\"\(x(tick * unit).text)\" y=\"\((y + 16).text)\" text-anchor=\"middle\">\(tick.text)</text>"
    }
    let title = "<text x=\"\(Layout.right.text)\" y=\"\((y + 32).text)\" text-anchor=\"end\">\(name)</text>"
    return (ticks + [title]).joined(separator: "\n")
  }

  private func x(_ time: Double) -> Double { Layout.left + (Layout.right - Layout.left) * time / max(seconds, 1e-9) }
}

extension Double {
  fileprivate var text: String { text(digits: 1) }
}
