/// The preferences of a request: its `Prefer` fields (RFC 7240).
///
/// A preference that is malformed is no preference (§2: what a server does not understand it ignores); those around it
/// are read all the same.
package struct Preferences: Sendable, Hashable {
  private var values: [String: String] = [:]

  /// - Parameter fields: The values of all `Prefer` fields, in their order.
  package init(_ fields: [String]) {
    for field in fields {
      var scanner = FieldScanner(field)
      while !scanner.isAtEnd {
        // §2: of a preference that comes twice the first counts.
        if let (name, value) = scanner.preference(), values[name] == nil { values[name] = value }
        scanner.skipToNextElement()
      }
    }
  }

  /// The value of a preference, empty when it has none; `nil` when it is not expressed.
  /// - Parameter name: In lower case.
  package subscript(name: String) -> String? { values[name] }
}

extension FieldScanner {
  /// `token [ BWS "=" BWS word ] *( OWS ";" [ OWS parameter ] )` (§2), up to a comma or the end. Parameters are nobody's.
  /// - Returns: `nil` when there is anything else.
  fileprivate mutating func preference() -> (name: String, value: String)? {
    guard let preference = assignment() else { return nil }
    while skip(ASCII.semicolon) {
      skipBlanks()
      if isAtElementEnd { break }
      // A parameter may be missing between two semicolons.
      if !isNext(ASCII.semicolon), assignment() == nil { return nil }
    }
    return isAtElementEnd ? preference : nil
  }

  private mutating func assignment() -> (name: String, value: String)? {
    skipBlanks()
    guard let name = token()?.lowercased() else { return nil }
    skipBlanks()
    guard skip(ASCII.equals) else { return (name, "") }
    skipBlanks()
    guard let value = isNext(ASCII.quote) ? quotedString() : token() else { return nil }
    skipBlanks()
    return (name, value)
  }
}
