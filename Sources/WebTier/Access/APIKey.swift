import AWS
import COpenSSL

/// The keys themselves. They are shown once, when they are made; only their hashes are kept.
package enum APIKey {
  /// What secret scanners know ours by.
  private static let prefix = "saccade_"
  /// 256 bits: a hash of a key that random needs neither salt nor stretching.
  private static let randomByteCount = 32

  /// A new random key.
  package static func generate() -> String {
    let random = [UInt8](unsafeUninitializedCapacity: randomByteCount) { bytes, count in
      // Only a libcrypto without a source of entropy fails, and must not make keys.
      precondition(RAND_bytes(bytes.baseAddress, Int32(randomByteCount)) == 1, "there are no random bytes")
      count = randomByteCount
    }
    return prefix + Hexadecimal.encode(random)
  }

  /// A key's line of the file of keys.
  /// - Parameters:
  ///   - rate: As it was given; see ``RateLimit``.
  ///   - isAdmin: Whether it opens the operators' page, too.
  package static func line(name: String, key: String, rate: String?, isAdmin: Bool = false) -> String {
    let digest = Hexadecimal.encode(MessageDigest.sha256.hash(key))
    return ([name, digest] + (rate.map { [$0] } ?? []) + (isAdmin ? ["admin"] : [])).joined(separator: ":")
  }

  /// Names are for logs and metrics: letters, digits, `.`, `_` and `-`, at most 64 of them.
  package static func isName(_ name: some StringProtocol) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
      }
  }
}
