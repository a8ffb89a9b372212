package import FoundationEssentials

extension SigV4 {
  /// The server's side: decides whether a request was signed by the holder of a secret, for this service, now.
  package struct Verifier: Sendable {
    /// AWS's tolerance between the request's clock and ours, either way.
    package static let clockSkewSecondsMax = 900

    /// Nil accepts any region: a store on one machine is every region at once.
    package let region: String?
    package let service: String
    package let rules: Rules
    private var keys = SigningKeyCache()

    package init(region: String?, service: String, rules: Rules) {
      self.region = region
      self.service = service
      self.rules = rules
    }

    /// What a verified request may rely on.
    package struct Verified: Sendable {
      package let presented: Presented
      /// What the body must hash to, or how it is framed. The body itself is the server's to check.
      package let payloadHash: PayloadHash
      /// Where the signatures of signed chunks continue from.
      package let signature: Signature
    }

    /// - Parameters:
    ///   - request: as received. Under S3's rules its `payloadHash` is ignored: `x-amz-content-sha256` is what counts,
    ///     and a presigned request without it has an unsigned payload. Other services pass the hash of the body.
    ///   - credentials: the credentials an access key ID stands for, nil when there are none.
    package mutating func verify(
      _ request: Request, at now: Date, credentials: (_ accessKeyID: String) -> Credentials?
    ) throws(VerificationError) -> Verified {
      let presented = try Presented(request)
      try checkScope(of: presented)
      try Self.checkTime(of: presented, at: SigningTime(now))
      guard let known = credentials(presented.accessKeyID) else { throw .unknownAccessKey(presented.accessKeyID) }
      guard Self.tokensAreEqual(known.sessionToken, presented.sessionToken) else { throw .invalidSessionToken }
      try Self.checkSignedHeaders(of: presented, in: request)

      var request = request
      if rules.sendsPayloadHash { request.payloadHash = try Self.payloadHash(of: request, presented) }
      let canonical = CanonicalRequest(
        request, rules: rules, signing: SignedHeaders(presented.signedHeaders, of: request.headers),
        excludesSignature: presented.isPresigned)
      let key = keys.signingKey(secret: known.secretAccessKey, scope: presented.scope)
      let signature = Signature(of: canonical, at: presented.time, scope: presented.scope, key: key)
      guard HMACSHA256.isEqual(signature.bytes, presented.signature) else {
        throw .signatureMismatch(
          canonicalRequest: String(decoding: signature.canonicalRequest, as: UTF8.self),
          stringToSign: String(decoding: signature.stringToSign, as: UTF8.self))
      }
      return Verified(presented: presented, payloadHash: request.payloadHash, signature: signature)
    }

    private func checkScope(of presented: Presented) throws(VerificationError) {
      let scope = presented.scope
      if scope.day != presented.time.day {
        throw .wrongScope(
          "the credential's date \(scope.day) is not the request's \(presented.time.day)",
          presigned: presented.isPresigned)
      }
      if let region, scope.region != region {
        throw .wrongScope(
          "the region '\(scope.region)' is wrong; expecting '\(region)'", presigned: presented.isPresigned)
      }
      if scope.service != service {
        throw .wrongScope(
          "incorrect service '\(scope.service)'; this endpoint belongs to '\(service)'",
          presigned: presented.isPresigned)
      }
    }

    private static func checkTime(of presented: Presented, at now: SigningTime) throws(VerificationError) {
      let age = now.secondsSince1970 - presented.time.secondsSince1970
      switch presented.placement {
      case .header:
        guard abs(age) <= clockSkewSecondsMax else {
          throw .clockSkewed(requestTime: presented.time, serverTime: now)
        }
      case .query(let expiresInSeconds):
        guard age >= -clockSkewSecondsMax else { throw .notYetValid(requestTime: presented.time, serverTime: now) }
        guard age < expiresInSeconds else {
          let end = presented.time.date.addingTimeInterval(Double(expiresInSeconds))
          throw .expired(at: SigningTime(end), serverTime: now)
        }
      }
    }

    /// "Host and any x-amz-* headers must be signed": otherwise whoever relays the request could change them.
    private static func checkSignedHeaders(of presented: Presented, in request: Request) throws(VerificationError) {
      guard presented.signedHeaders.contains("host") else { throw .unsignedHeader("host") }
      for (name, _) in request.headers {
        let name = name.lowercased()
        if name.hasPrefix("x-amz-"), !presented.signedHeaders.contains(name) { throw .unsignedHeader(name) }
      }
      for name in presented.signedHeaders where request.header(name) == nil { throw .absentSignedHeader(name) }
    }

    private static func payloadHash(
      of request: Request, _ presented: Presented
    ) throws(VerificationError) -> PayloadHash {
      guard let text = request.header("x-amz-content-sha256") else {
        if presented.isPresigned { return .unsigned }
        throw .missingPayloadHash
      }
      guard let hash = PayloadHash(received: ASCII.trimmed(text)) else {
        throw .invalidPayloadHash(String(text.prefix(128)))
      }
      return hash
    }

    private static func tokensAreEqual(_ known: String?, _ presented: String?) -> Bool {
      switch (known, presented) {
      case (nil, nil): true
      case (let known?, let presented?): HMACSHA256.isEqual(Array(known.utf8), Array(presented.utf8))
      default: false
      }
    }
  }
}
