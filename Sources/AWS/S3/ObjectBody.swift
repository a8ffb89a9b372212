/// What an object is to hold.
package enum ObjectBody: Sendable {
  /// The CRC-32C is computed here unless it was while the bytes came in; it goes ahead of the body, as a header.
  case bytes([UInt8], crc32c: CRC32C? = nil)
  /// Exactly `byteCount` bytes, sent as they come; their CRC-32C goes ahead if it is known, else follows them as a
  /// trailer.
  case source(any UploadSource, byteCount: Int, crc32c: CRC32C? = nil)
}
