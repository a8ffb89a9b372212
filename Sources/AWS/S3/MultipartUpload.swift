import EventLoop

/// An object that is stored in parts. It must be completed or aborted, and each but once: S3 keeps, and charges for, the
/// parts of an upload nobody ended. One that is dropped aborts itself.
///
/// Parts may be uploaded at the same time and in any order; every part but the last has at least 5 MiB.
package struct MultipartUpload: ~Copyable, Sendable {
  /// "Amazon S3 multipart upload limits".
  package static let partByteCountMin = 5 << 20
  package static let partCountMax = 10_000

  package var bucket: String { state.bucket }
  package var key: String { state.key }
  package var uploadID: String { state.uploadID }
  /// The right to upload parts, for tasks of their own. Of the upload's end they know nothing.
  package var parts: Parts { Parts(state: state) }
  private let state: State

  /// See `parts`.
  package struct Parts: Sendable {
    fileprivate let state: State

    /// See `MultipartUpload.uploadPart`.
    @LoopActor package func upload(_ number: Int, _ body: ObjectBody) async throws(AWSError) {
      state.parts[number] = try await state.client.uploadPart(
        number, body, bucket: state.bucket, key: state.key, uploadID: state.uploadID)
    }
  }

  /// `discard self` is for types of plain values only, so what a finished upload leaves to `deinit` is a flag.
  @LoopActor fileprivate final class State {
    nonisolated let client: S3Client
    nonisolated let bucket: String
    nonisolated let key: String
    nonisolated let uploadID: String
    var parts: [Int: (entityTag: String, checksum: String?)] = [:]
    var isEnded = false

    init(client: S3Client, bucket: String, key: String, uploadID: String) {
      self.client = client
      self.bucket = bucket
      self.key = key
      self.uploadID = uploadID
    }

    func abort() async throws(AWSError) {
      isEnded = true
      try await client.abortMultipartUpload(bucket: bucket, key: key, uploadID: uploadID)
    }
  }

  @LoopActor init(client: S3Client, bucket: String, key: String, uploadID: String) {
    state = State(client: client, bucket: bucket, key: key, uploadID: uploadID)
  }

  deinit {
    let state = state
    EventLoop.shared.spawn {
      // Nobody is left to be told of a failure; the store's own expiry of unfinished uploads is what remains.
      if !state.isEnded { try? await state.abort() }
    }
  }

  /// Uploads one part; the same number again replaces it.
  ///
  /// - Parameter number: 1 to 10 000.
  @LoopActor package borrowing func uploadPart(_ number: Int, _ body: ObjectBody) async throws(AWSError) {
    try await parts.upload(number, body)
  }

  /// Makes the parts one object. When it fails, the upload is aborted.
  ///
  /// - Parameter onlyIfAbsent: as of `S3Client.putObject`.
  /// - Returns: the object's entity tag.
  @discardableResult
  @LoopActor package consuming func complete(onlyIfAbsent: Bool = false) async throws(AWSError) -> String {
    let state = state
    let parts = state.parts.sorted { $0.key < $1.key }.map { ($0.key, $0.value.entityTag, $0.value.checksum) }
    let tag = try await state.client.completeMultipartUpload(
      bucket: state.bucket, key: state.key, uploadID: state.uploadID, parts: parts,
      onlyIfAbsent: onlyIfAbsent)
    state.isEnded = true
    return tag
  }

  /// Discards every part.
  @LoopActor package consuming func abort() async throws(AWSError) {
    let state = state
    try await state.abort()
  }
}
