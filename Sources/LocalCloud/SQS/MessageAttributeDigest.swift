import AWS

/// The MD5 over message attributes by which clients check that they arrived as sent ("Calculating the MD5 message digest
/// for message attributes", Amazon SQS Developer Guide): sorted by name; each as length and bytes of the name, length and
/// bytes of the type, one byte for text (1) or bytes (2), length and bytes of the value; lengths are 4 bytes, big-endian.
enum MessageAttributeDigest {
  /// - Returns: 32 hexadecimal digits; nil when there are no attributes.
  static func md5(of attributes: [String: MessageAttribute]) -> String? {
    if attributes.isEmpty { return nil }
    var bytes: [UInt8] = []
    let sorted = attributes.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for (name, attribute) in sorted {
      append(Array(name.utf8), to: &bytes)
      append(Array(attribute.type.utf8), to: &bytes)
      bytes.append(attribute.isBinary ? 2 : 1)
      append(attribute.value, to: &bytes)
    }
    return Hexadecimal.encode(MessageDigest.md5.hash(bytes))
  }

  private static func append(_ field: [UInt8], to bytes: inout [UInt8]) {
    withUnsafeBytes(of: UInt32(field.count).bigEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: field)
  }
}
