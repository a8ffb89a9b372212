import Foundation

/// Reads Prometheus' text format 0.0.4 and refuses what breaks its rules, which scrapers are free to punish: a family is
/// one group behind its HELP and TYPE, every sample belongs to its family, no sample comes twice, buckets ascend.
struct PrometheusText {
  struct Violation: Error, CustomStringConvertible {
    let description: String
  }

  struct Sample: Hashable {
    let name: String
    let labels: [String: String]
  }

  private(set) var types: [String: String] = [:]
  private(set) var values: [Sample: Double] = [:]

  subscript(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    values[Sample(name: name, labels: labels)]
  }

  init(parsing text: String) throws {
    guard text.hasSuffix("\n") else { throw Violation(description: "the last line has no end") }
    var family: String?
    var help: String?
    var order: [(Sample, Double)] = []
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("# HELP ") {
        let parts = line.split(separator: " ", maxSplits: 3)
        guard parts.count == 4 else { throw Violation(description: "no help: \(line)") }
        help = String(parts[2])
        family = nil
      } else if line.hasPrefix("# TYPE ") {
        let parts = line.split(separator: " ")
        guard parts.count == 4, let name = help, name == parts[2], types[name] == nil,
          ["counter", "gauge", "histogram"].contains(parts[3])
        else { throw Violation(description: "not the type of what the help was of, or again: \(line)") }
        types[name] = String(parts[3])
        family = name
      } else {
        let (sample, value) = try PrometheusText.sample(line)
        guard let family, let type = types[family] else { throw Violation(description: "of no family: \(line)") }
        let suffixes = type == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { family + $0 == sample.name }) else {
          throw Violation(description: "not of \(family): \(line)")
        }
        guard values.updateValue(value, forKey: sample) == nil else { throw Violation(description: "twice: \(line)") }
        if type == "counter" || type == "histogram", value < 0 { throw Violation(description: "negative: \(line)") }
        if type == "counter", !family.hasSuffix("_total") { throw Violation(description: "no total: \(line)") }
        order.append((sample, value))
      }
    }
    for (name, type) in types where type == "histogram" { try checkHistogram(name, order) }
  }

  private func checkHistogram(_ name: String, _ order: [(Sample, Double)]) throws {
    // By the labels that are not the bound: those of one histogram.
    var last: [[String: String]: (bound: Double, count: Double)] = [:]
    for (sample, value) in order where sample.name == name + "_bucket" {
      let labels = sample.labels.filter { $0.key != "le" }
      let (bound, count) = last[labels] ?? (-.infinity, -1)
      guard let le = sample.labels["le"].flatMap({ $0 == "+Inf" ? .infinity : Double($0) }), le > bound, value >= count
      else { throw Violation(description: "\(name)'s buckets do not ascend at \(sample.labels)") }
      last[labels] = (le, value)
    }
    for (labels, (bound, count)) in last {
      guard bound == .infinity, self[name + "_count", labels] == count, self[name + "_sum", labels] != nil else {
        throw Violation(description: "\(name) has no last bucket, or its count is another")
      }
    }
    if last.isEmpty { throw Violation(description: "\(name) has no buckets") }
  }

  private static func sample(_ line: Substring) throws -> (Sample, Double) {
    var rest = line[...]
    let name = rest.prefix { $0 == "_" || $0 == ":" || $0.isASCII && ($0.isLetter || $0.isNumber) }
    rest = rest.dropFirst(name.count)
    guard let first = name.first, !first.isNumber else { throw Violation(description: "no name: \(line)") }
    var labels: [String: String] = [:]
    if rest.first == "{" {
      rest = rest.dropFirst()
      while rest.first != "}" {
        if !labels.isEmpty {
          guard rest.first == "," else { throw Violation(description: "no comma: \(line)") }
          rest = rest.dropFirst()
        }
        let label = rest.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
        rest = rest.dropFirst(label.count)
        guard !label.isEmpty, rest.hasPrefix("=\"") else { throw Violation(description: "no label: \(line)") }
        rest = rest.dropFirst(2)
        let value = try quoted(&rest, line)
        guard labels.updateValue(value, forKey: String(label)) == nil else {
          throw Violation(description: "a label twice: \(line)")
        }
      }
      rest = rest.dropFirst()
    }
    guard rest.first == " ", let value = Double(rest.dropFirst()), value.isFinite else {
      throw Violation(description: "no value: \(line)")
    }
    return (Sample(name: String(name), labels: labels), value)
  }

  /// A label's value up to its closing quote.
  private static func quoted(_ rest: inout Substring, _ line: Substring) throws -> String {
    var value = ""
    while let character = rest.popFirst() {
      switch character {
      case "\"": return value
      case "\\":
        switch rest.popFirst() {
        case "n": value.append("\n")
        case "\\": value.append("\\")
        case "\"": value.append("\"")
        default: throw Violation(description: "an unknown escape: \(line)")
        }
      default: value.append(character)
      }
    }
    throw Violation(description: "a label without its end: \(line)")
  }
}
