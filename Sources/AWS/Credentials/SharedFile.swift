/// A shared config or credentials file, parsed: `[section]`, `name = value`, and one level of nested settings.
///
/// Reference: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
package struct SharedFile: Sendable, Hashable {
  /// Settings of one section by lower-case name; nested ones as `s3.endpoint_url`.
  package typealias Section = [String: String]

  /// By the text between the brackets, white space made single: `default`, `profile dev`, `services local`.
  package private(set) var sections: [String: Section] = [:]

  package init() {}

  /// - Parameter path: for errors only.
  package init(parsing text: String, path: String) throws(SharedFileError) {
    var section: String?
    // The setting whose value is empty so far: settings nested under it may follow.
    var parent: String?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let isIndented = line.utf8.first.map(ASCII.isWhitespace) ?? false
      let content = ASCII.trimmed(line)
      if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
      func malformed(_ why: String) -> SharedFileError { .malformed(path: path, line: index + 1, why) }

      if content.hasPrefix("["), !isIndented {
        guard let name = Self.sectionName(content) else { throw malformed("expected [section]") }
        section = name
        parent = nil
        sections[name, default: [:]].merge([:]) { $1 }
        continue
      }
      guard let current = section else { throw malformed("a setting before the first [section]") }
      guard let equals = content.firstIndex(of: "=") else {
        // A value may go on over indented lines; none of the settings used here does.
        if isIndented { continue }
        throw malformed("expected name = value")
      }
      let name = ASCII.trimmed(content[..<equals]).lowercased()
      guard !name.isEmpty else { throw malformed("a setting without a name") }
      let value = Self.withoutComment(ASCII.trimmed(content[equals...].dropFirst()))
      if isIndented {
        // Under a setting with a value of its own this is a continuation of that value, and no setting.
        if let parent { sections[current]?[parent + "." + name] = value }
        continue
      }
      sections[current]?[name] = value
      parent = value.isEmpty ? name : nil
    }
  }

  private static func sectionName(_ line: String) -> String? {
    guard let close = line.firstIndex(of: "]") else { return nil }
    let rest = ASCII.trimmed(line[close...].dropFirst())
    guard rest.isEmpty || rest.hasPrefix("#") || rest.hasPrefix(";") else { return nil }
    let words = line[..<close].dropFirst().split(whereSeparator: { $0 == " " || $0 == "\t" })
    return words.isEmpty ? nil : words.joined(separator: " ")
  }

  /// " #" and " ;" begin a comment; without the space before they are part of the value.
  private static func withoutComment(_ value: String) -> String {
    var previousIsSpace = true
    for index in value.indices {
      if previousIsSpace, value[index] == "#" || value[index] == ";" { return ASCII.trimmed(value[..<index]) }
      previousIsSpace = value[index] == " " || value[index] == "\t"
    }
    return value
  }
}
