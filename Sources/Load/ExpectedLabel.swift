/// What a picture's file name says it shows: `n07920052_espresso.JPEG`, or `espresso.jpg`.
package struct ExpectedLabel: Sendable, Equatable {
  /// A WordNet id, if the name begins with one.
  package let wordNetID: String?
  /// In lower case, words separated by single spaces.
  package let words: String

  package init(fileName: String) {
    let stem = fileName.lastIndex(of: ".").map { fileName[..<$0] } ?? fileName[...]
    var parts = stem.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    wordNetID = parts.first.flatMap { ExpectedLabel.isWordNetID($0) ? $0 : nil }
    if wordNetID != nil { parts.removeFirst() }
    words = parts.joined(separator: " ")
  }

  /// Whether an answer's class is this one. Where both have a WordNet id it decides: several classes share a label.
  package func matches(label: String, wordNetID other: String?) -> Bool {
    if let wordNetID, let other, !other.isEmpty { return wordNetID == other }
    return ExpectedLabel.words(of: label) == words
  }

  private static func words(of text: String) -> String {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: " ")
  }

  private static func isWordNetID(_ text: String) -> Bool {
    text.utf8.count == 9 && text.first == "n" && text.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
  }
}
