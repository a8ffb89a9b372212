/// A query's parameters in their order: split at `&` and `=`, then decoded once.
package struct QueryParameters: Sendable, Hashable {
  package struct Parameter: Sendable, Hashable {
    package let name: String
    /// Empty when there is none.
    package let value: String
  }

  package let parameters: [Parameter]

  /// - Parameters:
  ///   - query: As received, without its question mark; `nil` is a query without parameters.
  ///   - plusIsSpace: Forms encode a blank as a plus sign, S3 does not: the caller knows.
  /// - Returns: `nil` when an escape is not valid or does not decode to UTF-8.
  package init?(parsing query: String?, plusIsSpace: Bool = false) {
    var parameters: [Parameter] = []
    for item in (query ?? "").split(separator: "&") {
      let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = PercentEncoding.decodeString(sides[0], plusIsSpace: plusIsSpace),
        let value = PercentEncoding.decodeString(sides.count > 1 ? sides[1] : "", plusIsSpace: plusIsSpace)
      else { return nil }
      parameters.append(Parameter(name: name, value: value))
    }
    self.parameters = parameters
  }

  /// The first value of that name.
  package subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

  package func contains(_ name: String) -> Bool { parameters.contains { $0.name == name } }

  package func all(_ name: String) -> [String] { parameters.filter { $0.name == name }.map(\.value) }
}
