/// A media type with its parameters (RFC 9110 §8.3.1): `multipart/form-data; boundary="a b"`.
package struct MediaType: Sendable, Hashable {
  /// In lower case.
  package let type: String
  /// In lower case.
  package let subtype: String
  /// Names in lower case; values as they are, with the quotes and escapes of quoted strings taken off.
  package let parameters: [String: String]

  /// - Returns: `nil` when the value is not a media type, or names a parameter twice: two parsers would then see two.
  package init?(parsing value: String) {
    var scanner = FieldScanner(value)
    guard let type = scanner.token(), scanner.skip(0x2F), let subtype = scanner.token() else { return nil }
    guard let parameters = scanner.parameters() else { return nil }
    self.type = type.lowercased()
    self.subtype = subtype.lowercased()
    self.parameters = parameters
  }

  /// `type/subtype`, without parameters.
  package var essence: String { type + "/" + subtype }
}
