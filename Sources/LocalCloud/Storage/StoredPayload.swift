/// A payload that is in its place and is what its sender announced, but has no name yet.
struct StoredPayload: Sendable {
  let segments: [Segment]
  let digest: PayloadDigest

  var byteCount: Int { segments.reduce(0) { $0 + $1.byteCount } }
}
