/// What a client asks for a model by, and what its answers call it. Restricted to what can stand in a query, a log line
/// and JSON without being escaped.
package struct ModelName: Sendable, Hashable {
  package static let byteCountMax = 64
  /// What a name is, for error messages.
  package static let rule = "1 to \(byteCountMax) letters, digits, dots, hyphens and underscores"

  package let description: String

  /// - Parameter description: 1 to ``byteCountMax`` of `[A-Za-z0-9._-]`; anything else is no name.
  package init?(_ description: String) {
    guard (1...ModelName.byteCountMax).contains(description.utf8.count),
      description.utf8.allSatisfy(\.isFileNameCharacter)
    else { return nil }
    self.description = description
  }
}

extension ModelName: LosslessStringConvertible {}

extension ModelName: Decodable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let name = ModelName(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "it is not a model's name")
    }
    self = name
  }
}
