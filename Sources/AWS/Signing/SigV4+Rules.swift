extension SigV4 {
  /// What differs between services in how a request becomes canonical.
  package struct Rules: Sendable, Hashable {
    /// Remove `.`, `..` and empty segments from the path (RFC 3986 section 6.2.2.3). S3 does not: they are key bytes.
    package var normalizesPath = true
    /// Encode the path as it is on the wire once more. S3 does not: it encodes the key once, whatever the wire says.
    package var encodesPathTwice = true
    /// Send and sign `x-amz-content-sha256`; S3 requires it.
    package var sendsPayloadHash = false
    /// Sign the session token; a few services (IoT) want it added after signing.
    package var signsSessionToken = true

    package init() {}

    /// Every service but S3.
    package static let generic = Rules()

    package static let s3: Rules = {
      var rules = Rules()
      rules.normalizesPath = false
      rules.encodesPathTwice = false
      rules.sendsPayloadHash = true
      return rules
    }()

    /// Headers never signed, because a transport or a proxy adds or rewrites them after signing.
    static func isUnsigned(_ name: String) -> Bool {
      // By length first: comparing every header of every request with every name would cost more than the signature.
      switch name.utf8.count {
      case 2: ASCII.equal(name, "te")
      case 6: ASCII.equal(name, "expect")
      case 7: ASCII.equal(name, "upgrade")
      case 10: ASCII.equal(name, "connection") || ASCII.equal(name, "user-agent") || ASCII.equal(name, "keep-alive")
      case 13: ASCII.equal(name, "authorization")
      case 15: ASCII.equal(name, "x-amzn-trace-id") || ASCII.equal(name, "accept-encoding")
      case 17: ASCII.equal(name, "transfer-encoding")
      default: false
      }
    }
  }
}
