extension SigV4 {
  /// A computed signature, with what led to it: S3 shows both texts when a signature does not match, and the
  /// signatures of chunks continue from here.
  package struct Signature: Sendable {
    /// 32 bytes.
    package let bytes: [UInt8]
    package let canonicalRequest: [UInt8]
    package let stringToSign: [UInt8]
    let time: SigningTime
    let scope: Scope
    let key: [UInt8]

    init(of canonical: CanonicalRequest, at time: SigningTime, scope: Scope, key: [UInt8]) {
      var text: [UInt8] = []
      text.reserveCapacity(192)
      text.append(contentsOf: SigV4.algorithm.utf8)
      text.append(UInt8(ascii: "\n"))
      text.append(contentsOf: time.text.utf8)
      text.append(UInt8(ascii: "\n"))
      text.append(contentsOf: scope.text.utf8)
      text.append(UInt8(ascii: "\n"))
      MessageDigest.sha256.withHash(canonical.bytes.span) { Hexadecimal.append($0, to: &text) }
      bytes = HMACSHA256.authenticationCode(for: text, key: key)
      canonicalRequest = canonical.bytes
      stringToSign = text
      self.time = time
      self.scope = scope
      self.key = key
    }

    /// 64 lower-case digits.
    package var hexadecimal: String { Hexadecimal.encode(bytes) }

    /// Signs (or verifies) the chunks of this request's body, if it is sent in signed chunks.
    package func chunkSigner() -> ChunkSigner {
      ChunkSigner(seed: hexadecimal, time: time, scope: scope, key: key)
    }
  }
}
