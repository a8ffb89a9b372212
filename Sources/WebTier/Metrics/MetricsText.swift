/// Writes Prometheus' text format, version 0.0.4: families of samples, each behind its `HELP` and `TYPE`.
struct MetricsText {
  typealias Labels = [(name: String, value: String)]

  enum Kind: String {
    case counter, gauge, histogram
  }

  private(set) var text = ""
  private let commonLabels: Labels

  /// - Parameter commonLabels: Which every sample has behind its own.
  init(commonLabels: Labels = []) { self.commonLabels = commonLabels }

  /// One family with one sample without labels.
  mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: some MetricValue) {
    begin(name, kind, help)
    sample(name, [], value)
  }

  /// One family with a sample for each set of labels.
  mutating func add<Value: MetricValue>(
    _ name: String, _ kind: Kind, _ help: String, _ samples: some Sequence<(labels: Labels, value: Value)>
  ) {
    begin(name, kind, help)
    for (labels, value) in samples { sample(name, labels, value) }
  }

  /// Buckets count what is at most their bound, the ones below included; the last has no bound and holds everything.
  mutating func add(_ name: String, _ help: String, _ histogram: Histogram) {
    begin(name, .histogram, help)
    for (bound, count) in histogram.cumulative { sample(name + "_bucket", [("le", "\(bound)")], count) }
    sample(name + "_bucket", [("le", "+Inf")], histogram.count)
    sample(name + "_sum", [], histogram.sum)
    sample(name + "_count", [], histogram.count)
  }

  private mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(MetricsText.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
  }

  private mutating func sample(_ name: String, _ labels: Labels, _ value: some MetricValue) {
    text += name
    let labels = labels + commonLabels
    if !labels.isEmpty {
      let pairs = labels.map { "\($0.name)=\"\(MetricsText.escaped($0.value, quotes: true))\"" }
      text += "{\(pairs.joined(separator: ","))}"
    }
    text += " \(value)\n"
  }

  /// Several texts as one: each family once, as the first one that has it describes it, with the samples of all.
  static func merged(_ texts: [String]) -> String {
    var families: [[Substring]] = []
    var places: [Substring: Int] = [:]
    for text in texts {
      var place: Int?
      var isNew = false
      for line in text.split(separator: "\n") {
        if line.hasPrefix("# HELP ") {
          let name = line.dropFirst(7).prefix { $0 != " " }
          place = places[name]
          isNew = place == nil
          if isNew {
            place = families.count
            places[name] = families.count
            families.append([])
          }
        }
        if let place, isNew || !line.hasPrefix("#") { families[place].append(line) }
      }
    }
    return families.joined().map { $0 + "\n" }.joined()
  }

  /// Backslash and line feed are escaped everywhere, the quote where it would end the value.
  private static func escaped(_ text: String, quotes: Bool) -> String {
    guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

/// Swift writes both as the format reads them.
protocol MetricValue: CustomStringConvertible {}
extension Int: MetricValue {}
extension Double: MetricValue {}
