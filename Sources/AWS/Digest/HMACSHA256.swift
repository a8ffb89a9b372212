import COpenSSL

/// HMAC with SHA-256, RFC 2104.
package enum HMACSHA256 {
  package static let byteCount = 32

  package static func authenticationCode(for message: [UInt8], key: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: byteCount) { result, count in
      let code = key.withUnsafeBytes { key in
        message.withUnsafeBufferPointer { message in
          HMAC(
            MessageDigest.sha256.algorithm, key.baseAddress, Int32(key.count), message.baseAddress, message.count,
            result.baseAddress, nil)
        }
      }
      precondition(code != nil, "libcrypto could not compute an HMAC: out of memory")
      count = byteCount
    }
  }

  /// Compares in time that depends on the lengths only, so that a wrong signature tells nothing about the right one.
  package static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return left.withUnsafeBytes { left in
      right.withUnsafeBytes { right in CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0 }
    }
  }
}
