/// A multipart upload that has begun.
struct UploadRecord: Sendable {
  let id: String
  let key: String
  let createdAt: Timestamp
  let checksumAlgorithm: ChecksumAlgorithm?
  let checksumKind: Checksum.Kind?
  let attributes: ObjectAttributes
}

/// A part that has arrived.
struct PartRecord: Sendable {
  let number: Int
  let segments: [Segment]
  let byteCount: Int
  let etag: String
  let modifiedAt: Timestamp
  let checksum: Checksum?
}

extension PartRecord {
  init(number: Int, _ payload: StoredPayload, modifiedAt: Timestamp) {
    self.init(
      number: number, segments: payload.segments, byteCount: payload.byteCount, etag: payload.digest.etag,
      modifiedAt: modifiedAt, checksum: payload.digest.checksum)
  }
}
