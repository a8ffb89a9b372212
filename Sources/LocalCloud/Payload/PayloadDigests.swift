import AWS

/// Which digests of a payload are wanted, known before its first byte.
struct PayloadExpectation: Sendable {
  /// The MD5, of which ETags are made.
  var wantsMD5 = true
  /// The SHA-256 that the signature covers.
  var wantsSHA256 = false
  var checksum: ChecksumAlgorithm?
}

/// What a payload must turn out to be. Complete only after its last byte: a checksum may come in the trailer.
struct PayloadAnnouncement: Sendable {
  /// `x-amz-content-sha256`, signed.
  var sha256: [UInt8]?
  /// `Content-MD5`.
  var md5: [UInt8]?
  /// `x-amz-checksum-…`.
  var checksum: Checksum?
}

/// What a payload turned out to be.
struct PayloadDigest: Sendable {
  let md5: [UInt8]
  let checksum: Checksum?

  /// What an ETag is made of: lower-case hexadecimal.
  var etag: String { Hexadecimal.encode(md5) }
}

/// The digests of a payload that passes in pieces. Used by one thread at a time.
final class PayloadDigests {
  private var md5: RunningDigest?
  private var sha256: RunningDigest?
  private var checksum: RunningChecksum?

  init(_ expectation: PayloadExpectation) {
    md5 = expectation.wantsMD5 ? RunningDigest(.md5) : nil
    sha256 = expectation.wantsSHA256 ? RunningDigest(.sha256) : nil
    checksum = expectation.checksum.map { RunningChecksum($0) }
  }

  func update(_ bytes: Span<UInt8>) {
    md5?.update(bytes)
    sha256?.update(bytes)
    checksum?.update(bytes)
  }

  /// Ends the digests.
  /// - Throws: `XAmzContentSHA256Mismatch`, or `BadDigest`.
  func finish(checking announced: PayloadAnnouncement) throws(S3Error) -> PayloadDigest {
    let computedSHA256 = sha256.take()?.finish()
    if let wanted = announced.sha256, let computedSHA256, wanted != computedSHA256 {
      throw S3Error(
        .contentSHA256Mismatch,
        details: [
          ("ClientComputedContentSHA256", Hexadecimal.encode(wanted)),
          ("S3ComputedContentSHA256", Hexadecimal.encode(computedSHA256)),
        ])
    }
    let computedMD5 = md5.take()?.finish() ?? []
    if let wanted = announced.md5, wanted != computedMD5 {
      throw S3Error(
        .badDigest, "The Content-MD5 you specified did not match what we received.",
        details: [("ExpectedDigest", Base64.encode(wanted)), ("CalculatedDigest", Base64.encode(computedMD5))])
    }
    let computedChecksum = checksum.take()?.finish()
    if let wanted = announced.checksum, let computedChecksum, wanted.bytes != computedChecksum.bytes {
      throw S3Error(
        .badDigest, "The \(wanted.algorithm.name) you specified did not match the calculated checksum.",
        details: [("ExpectedDigest", wanted.text), ("CalculatedDigest", computedChecksum.text)])
    }
    return PayloadDigest(md5: computedMD5, checksum: computedChecksum)
  }
}
