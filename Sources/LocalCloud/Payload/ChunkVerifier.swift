import AWS

/// Checks the chain of signatures in an aws-chunked body as it passes.
struct ChunkVerifier: ~Copyable {
  /// S3's own rule, which keeps the cost of a signature in proportion.
  static let chunkByteCountMin = 8192

  private var signer: SigV4.ChunkSigner
  private var digest = RunningDigest(.sha256)
  private var signature = ""
  private var isLast = false
  private var hadSmallChunk = false
  private var trailer: [(name: String, value: String)] = []
  private var trailerSignature: String?

  init(_ signer: SigV4.ChunkSigner) { self.signer = signer }

  mutating func begin(byteCount: Int, signature: String) throws(S3Error) {
    // Of the chunks with data only the last may be small.
    if byteCount > 0, hadSmallChunk { throw S3Error(.invalidChunkSize) }
    hadSmallChunk = byteCount < Self.chunkByteCountMin
    self.signature = signature
    digest = RunningDigest(.sha256)
    isLast = byteCount == 0
    if isLast { try end() }
  }

  mutating func update(_ bytes: Span<UInt8>) { digest.update(bytes) }

  /// The end of a chunk's data.
  mutating func end() throws(S3Error) {
    var finished = RunningDigest(.sha256)
    swap(&finished, &digest)
    guard signer.accepts(signature, chunkSHA256: finished.finish()) else { throw S3Error(.signatureDoesNotMatch) }
  }

  mutating func add(trailer name: String, _ value: String) {
    if name == "x-amz-trailer-signature" {
      trailerSignature = value
    } else {
      trailer.append((name, value))
    }
  }

  /// - Parameter hasTrailer: Whether the trailer is signed too.
  mutating func finish(hasTrailer: Bool) throws(S3Error) {
    guard hasTrailer else { return }
    guard let trailerSignature, signer.accepts(trailerSignature, trailer: trailer) else {
      throw S3Error(.signatureDoesNotMatch)
    }
  }
}
