import COpenSSL

/// A digest of bytes that arrive in pieces. `finish()` consumes it: hashing on after the end is a compile error.
package struct RunningDigest: ~Copyable {
  private let context: OpaquePointer
  private let byteCount: Int

  package init(_ digest: MessageDigest) {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, digest.algorithm, nil) == 1 else {
      preconditionFailure("libcrypto could not start a digest: out of memory")
    }
    self.context = context
    byteCount = digest.byteCount
  }

  deinit { EVP_MD_CTX_free(context) }

  package mutating func update(_ bytes: Span<UInt8>) {
    let succeeded = bytes.withUnsafeBufferPointer { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    precondition(succeeded == 1, "libcrypto could not continue a digest")
  }

  package mutating func update(_ bytes: [UInt8]) { update(bytes.span) }

  /// The digest of everything given to `update`.
  package consuming func finish() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: byteCount) { result, count in
      let succeeded = EVP_DigestFinal_ex(context, result.baseAddress, nil)
      precondition(succeeded == 1, "libcrypto could not finish a digest")
      count = byteCount
    }
  }
}
