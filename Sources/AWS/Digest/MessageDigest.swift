import COpenSSL
import Synchronization

/// A hash function of libcrypto's, fetched once.
///
/// OpenSSL 3 looks a digest up by name in its providers whenever `SHA256()` or `EVP_sha256()` is used, under a lock;
/// an explicitly fetched one skips that, which more than halves the time of hashing a few hundred bytes.
package struct MessageDigest: Sendable {
  package static let sha256 = MessageDigest("SHA256")
  package static let sha1 = MessageDigest("SHA1")
  package static let md5 = MessageDigest("MD5")

  /// The algorithm, and what computing with it takes.
  private final class Fetched: Sendable {
    // Immutable once fetched, reference-counted atomically by libcrypto, and never freed: it lives as long as the process.
    nonisolated(unsafe) let algorithm: OpaquePointer
    /// A context that is not in use. Making one for each of the many short texts would cost as much as hashing them.
    private let spare = Mutex<UInt>(0)

    init(_ algorithm: OpaquePointer) { self.algorithm = algorithm }

    func withContext<T>(_ body: (OpaquePointer) -> T) -> T {
      var taken: UInt = 0
      spare.withLock { swap(&$0, &taken) }
      guard let context = OpaquePointer(bitPattern: taken) ?? EVP_MD_CTX_new() else {
        preconditionFailure("libcrypto could not start a digest: out of memory")
      }
      var other = UInt(bitPattern: context)
      defer {
        spare.withLock { swap(&$0, &other) }
        if let other = OpaquePointer(bitPattern: other) { EVP_MD_CTX_free(other) }
      }
      return body(context)
    }
  }

  private let fetched: Fetched
  var algorithm: OpaquePointer { fetched.algorithm }
  /// Bytes in the result: 32, 20 or 16.
  package let byteCount: Int

  private init(_ name: String) {
    guard let algorithm = EVP_MD_fetch(nil, name, nil) else {
      // Only a libcrypto without its default provider lacks these.
      preconditionFailure("libcrypto does not provide \(name)")
    }
    fetched = Fetched(algorithm)
    byteCount = Int(EVP_MD_get_size(algorithm))
  }

  /// The digest of `bytes`, in one call.
  package func hash(_ bytes: [UInt8]) -> [UInt8] { hash(bytes.span) }

  /// The digest of the UTF-8 bytes of `text`.
  package func hash(_ text: String) -> [UInt8] { hash(text.utf8.span) }

  package func hash(_ bytes: Span<UInt8>) -> [UInt8] { hash(bytes, Span()) }

  /// The digest of two pieces, one after the other.
  package func hash(_ first: Span<UInt8>, _ second: Span<UInt8>) -> [UInt8] {
    withHash(first, second) { digest in digest.withUnsafeBufferPointer { Array($0) } }
  }

  /// Lends the digest of two pieces, one after the other: for those who make something else of it.
  func withHash<T>(_ first: Span<UInt8>, _ second: Span<UInt8> = Span(), _ body: (Span<UInt8>) -> T) -> T {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: byteCount) { digest in
      let succeeded = fetched.withContext { context in
        EVP_DigestInit_ex(context, algorithm, nil) == 1
          && first.withUnsafeBufferPointer({ EVP_DigestUpdate(context, $0.baseAddress, $0.count) }) == 1
          && (second.isEmpty
            || second.withUnsafeBufferPointer({ EVP_DigestUpdate(context, $0.baseAddress, $0.count) }) == 1)
          && EVP_DigestFinal_ex(context, digest.baseAddress, nil) == 1
      }
      precondition(succeeded, "libcrypto could not hash: out of memory")
      return body(UnsafeBufferPointer(digest).span)
    }
  }
}
