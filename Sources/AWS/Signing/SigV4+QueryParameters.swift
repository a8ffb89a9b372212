extension SigV4 {
  /// The decoded names and values of a query, in order.
  package struct QueryParameters: Sendable {
    private var pairs: [(name: String, value: String)] = []
    /// False when some name or value is not UTF-8; those are left out.
    package private(set) var isValid = true

    /// - Parameter query: as on the wire, without the "?". A "+" is a space.
    package init(_ query: String) {
      for part in query.split(separator: "&") {
        let equals = part.firstIndex(of: "=") ?? part.endIndex
        guard let name = URIEncoding.decode(part[..<equals], plusIsSpace: true),
          let value = URIEncoding.decode(part[equals...].dropFirst(), plusIsSpace: true)
        else {
          isValid = false
          continue
        }
        pairs.append((name, value))
      }
    }

    package func values(of name: String) -> [String] {
      pairs.filter { $0.name == name }.map(\.value)
    }

    package subscript(name: String) -> String? {
      pairs.first { $0.name == name }?.value
    }

    package func contains(where matches: (String) -> Bool) -> Bool {
      pairs.contains { matches($0.name) }
    }
  }
}
