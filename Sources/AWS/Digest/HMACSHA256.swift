import COpenSSL

/// HMAC with SHA-256, RFC 2104.
package enum HMACSHA256 {
  package static let byteCount = 32

  /// SHA-256's block, to which the key is padded.
  private static let blockByteCount = 64

  /// Two digests, as the RFC has it: libcrypto's own `HMAC()` looks its algorithm up by name each time, which costs more
  /// than the hashing of what is signed here.
  package static func authenticationCode(for message: [UInt8], key: [UInt8]) -> [UInt8] {
    let key = key.count > blockByteCount ? MessageDigest.sha256.hash(key) : key
    let (inner, outer) = (block(of: key, under: 0x36), block(of: key, under: 0x5C))
    return MessageDigest.sha256.withHash(inner.span, message.span) { MessageDigest.sha256.hash(outer.span, $0) }
  }

  private static func block(of key: [UInt8], under pad: UInt8) -> InlineArray<64, UInt8> {
    InlineArray { index in index < key.count ? key[index] ^ pad : pad }
  }

  /// Compares in time that depends on the lengths only, so that a wrong signature tells nothing about the right one.
  package static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return left.withUnsafeBytes { left in
      right.withUnsafeBytes { right in CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0 }
    }
  }
}
