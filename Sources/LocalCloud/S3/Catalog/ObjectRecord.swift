import AWS

/// An object without its name: all that its row says.
struct ObjectRecord: Sendable {
  var segments: [Segment]
  var byteCount: Int
  /// Without its quotes: the MD5 in hexadecimal, `-N` behind it when it is the MD5 of N parts' MD5s.
  var etag: String
  var modifiedAt: Timestamp
  var checksum: Checksum?
  var attributes: ObjectAttributes

  init(
    _ payload: StoredPayload, modifiedAt: Timestamp, attributes: ObjectAttributes
  ) {
    self.init(
      segments: payload.segments, byteCount: payload.byteCount, etag: payload.digest.etag, modifiedAt: modifiedAt,
      checksum: payload.digest.checksum, attributes: attributes)
  }

  init(
    segments: [Segment], byteCount: Int, etag: String, modifiedAt: Timestamp, checksum: Checksum?,
    attributes: ObjectAttributes
  ) {
    self.segments = segments
    self.byteCount = byteCount
    self.etag = etag
    self.modifiedAt = modifiedAt
    self.checksum = checksum
    self.attributes = attributes
  }

  /// Parts of the multipart upload that made it; nil when it came in one piece.
  var partCount: Int? {
    guard let dash = etag.lastIndex(of: "-") else { return nil }
    return Int(etag[dash...].dropFirst())
  }

  /// The MD5 of the bytes, unless they came in parts.
  var md5: [UInt8]? { partCount == nil ? Hexadecimal.decode(etag) : nil }
}
