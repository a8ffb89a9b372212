/// Where a file goes in the input bucket, and whose that place is.
struct UploadTarget: Sendable {
  /// Of the object.
  let key: String
  /// Requests with one idempotency key share the object: it is stored on condition that it is not there yet, and nobody
  /// takes it, or parts of it, away from the others.
  let isShared: Bool
}
