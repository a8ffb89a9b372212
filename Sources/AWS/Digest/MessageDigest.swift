import COpenSSL

/// A hash function of libcrypto's, fetched once.
///
/// OpenSSL 3 looks a digest up by name in its providers whenever `SHA256()` or `EVP_sha256()` is used, under a lock;
/// an explicitly fetched one skips that, which more than halves the time of hashing a few hundred bytes.
package struct MessageDigest: Sendable {
  package static let sha256 = MessageDigest("SHA256")
  package static let sha1 = MessageDigest("SHA1")
  package static let md5 = MessageDigest("MD5")

  // Immutable once fetched, reference-counted atomically by libcrypto, and never freed: it lives as long as the process.
  nonisolated(unsafe) let algorithm: OpaquePointer
  /// Bytes in the result: 32, 20 or 16.
  package let byteCount: Int

  private init(_ name: String) {
    guard let fetched = EVP_MD_fetch(nil, name, nil) else {
      // Only a libcrypto without its default provider lacks these.
      preconditionFailure("libcrypto does not provide \(name)")
    }
    algorithm = fetched
    byteCount = Int(EVP_MD_get_size(fetched))
  }

  /// The digest of `bytes`, in one call.
  package func hash(_ bytes: [UInt8]) -> [UInt8] {
    hash(bytes.span)
  }

  /// The digest of the UTF-8 bytes of `text`.
  package func hash(_ text: String) -> [UInt8] {
    hash(Array(text.utf8))
  }

  package func hash(_ bytes: Span<UInt8>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: byteCount) { result, count in
      let succeeded = bytes.withUnsafeBufferPointer { input in
        EVP_Digest(input.baseAddress, input.count, result.baseAddress, nil, algorithm, nil)
      }
      precondition(succeeded == 1, "libcrypto could not hash: out of memory")
      count = byteCount
    }
  }
}
