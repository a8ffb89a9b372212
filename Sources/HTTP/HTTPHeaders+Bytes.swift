/// Values as they were received: for what is looked at with every request, where making a string would be most of the work.
extension HTTPHeaders {
  /// Calls `body` with the value of each field of that name, the last one first, until it returns something.
  /// - Parameter name: In lower case.
  package func lastToFirst<Found>(_ name: StaticString, _ body: (Span<UInt8>) -> Found?) -> Found? {
    for field in fields.reversed() where isNamed(field, name) {
      if let found = body(bytes.span.extracting(field.value)) { return found }
    }
    return nil
  }

  /// Calls `body` with the value of the first field of that name.
  /// - Parameter name: In lower case.
  package func first<Found>(_ name: StaticString, _ body: (Span<UInt8>) -> Found?) -> Found? {
    for field in fields where isNamed(field, name) { return body(bytes.span.extracting(field.value)) }
    return nil
  }
}
