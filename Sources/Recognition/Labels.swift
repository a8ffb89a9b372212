import FoundationEssentials

/// The names of a model's classes, in the order of its outputs. The file has a line a class: a WordNet id, a space
/// and the name ("n02124075 Egyptian cat"), or the name alone.
package struct Labels: Sendable, Equatable {
  package struct Label: Sendable, Equatable {
    package let wordNetID: String?
    package let name: String
  }

  private let labels: [Label]

  package var count: Int { labels.count }
  package subscript(index: Int) -> Label { labels[index] }

  package init(contentsOf path: String) throws(ClassifierError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .labels(path: path, reason: "the file cannot be read")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw .labels(path: path, reason: "it is not UTF-8 text")
    }
    do { try self.init(text) } catch { throw .labels(path: path, reason: error.reason) }
  }

  struct MalformedText: Error, Equatable {
    let reason: String
  }

  init(_ text: String) throws(MalformedText) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { line in line.drop(while: \.isWhitespace) }
    // "\r\n" is one Character, so a file from Windows splits only at its scalars.
    if lines.count == 1, text.contains("\r\n") {
      lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).map { $0.drop(while: \.isWhitespace) }
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    guard !lines.isEmpty else { throw MalformedText(reason: "it holds no labels") }
    var labels: [Label] = []
    labels.reserveCapacity(lines.count)
    for (index, line) in lines.enumerated() {
      guard !line.isEmpty else { throw MalformedText(reason: "line \(index + 1) is empty") }
      labels.append(Label(line))
    }
    self.labels = labels
  }
}

extension Labels.Label {
  fileprivate init(_ line: Substring) {
    let parts = line.split(separator: " ", maxSplits: 1)
    if parts.count == 2, Self.isWordNetID(parts[0]) {
      self.init(wordNetID: String(parts[0]), name: String(parts[1]))
    } else {
      self.init(wordNetID: nil, name: String(line))
    }
  }

  /// A part of speech and eight digits; nouns are "n".
  private static func isWordNetID(_ text: Substring) -> Bool {
    text.count == 9 && text.first == "n" && text.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
  }
}
