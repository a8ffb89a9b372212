extension SigV4 {
  /// The signatures inside an aws-chunked body: each covers its chunk and the signature before it, the first one the
  /// request's own. Both ends compute the same chain; the server compares.
  ///
  /// S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks".
  package struct ChunkSigner: Sendable {
    private var previous: String
    /// What all strings to sign of this body share: time and scope.
    private let context: String
    private let key: [UInt8]

    init(seed: String, time: SigningTime, scope: Scope, key: [UInt8]) {
      previous = seed
      context = "\n" + time.text + "\n" + scope.text + "\n"
      self.key = key
    }

    /// The signature of the next chunk, given the SHA-256 (32 bytes) of its data. The last chunk has no data, and is
    /// signed as well.
    package mutating func sign(chunkSHA256 digest: [UInt8]) -> String {
      precondition(digest.count == MessageDigest.sha256.byteCount)
      return advance("AWS4-HMAC-SHA256-PAYLOAD", PayloadHash.empty.text + "\n" + Hexadecimal.encode(digest))
    }

    package mutating func sign(chunk: [UInt8]) -> String {
      sign(chunkSHA256: MessageDigest.sha256.hash(chunk))
    }

    /// The value of `x-amz-trailer-signature`, after the last chunk's signature.
    ///
    /// - Parameter trailer: the headers after the last chunk in their order, without `x-amz-trailer-signature`.
    package mutating func sign(trailer: [(name: String, value: String)]) -> String {
      var lines = ""
      for (name, value) in trailer { lines += name.lowercased() + ":" + ASCII.trimmed(value) + "\n" }
      return advance("AWS4-HMAC-SHA256-TRAILER", Hexadecimal.encode(MessageDigest.sha256.hash(lines)))
    }

    /// Whether `signature` (64 digits) is the next chunk's. Compares in constant time.
    package mutating func accepts(_ signature: String, chunkSHA256 digest: [UInt8]) -> Bool {
      let expected = sign(chunkSHA256: digest)
      return HMACSHA256.isEqual(Array(expected.utf8), Array(signature.utf8))
    }

    /// Whether `signature` is the trailer's. Compares in constant time.
    package mutating func accepts(_ signature: String, trailer: [(name: String, value: String)]) -> Bool {
      let expected = sign(trailer: trailer)
      return HMACSHA256.isEqual(Array(expected.utf8), Array(signature.utf8))
    }

    private mutating func advance(_ algorithm: String, _ hashes: String) -> String {
      let text = algorithm + context + previous + "\n" + hashes
      previous = Hexadecimal.encode(HMACSHA256.authenticationCode(for: Array(text.utf8), key: key))
      return previous
    }
  }
}
