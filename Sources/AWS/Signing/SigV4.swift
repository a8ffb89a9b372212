// AWS Signature Version 4, for those who sign requests and for those who verify them.
// Promises: the canonical request, string to sign and signature of the AWS documentation, byte for byte, with S3's
// own path rules as an option; one SHA-256 and one HMAC a request, because the day's signing key is kept.
// A value: no clock, no I/O, no randomness. Time and credentials are passed in.
// Does not hash payloads: the caller says what the payload hash is, often `UNSIGNED-PAYLOAD`.

package import FoundationEssentials

/// Signs requests for one service in one region.
///
/// Reference: "AWS Signature Version 4 for API requests" (IAM User Guide) and "Authenticating Requests" (S3 API).
package struct SigV4: Sendable {
  package static let algorithm = "AWS4-HMAC-SHA256"
  /// Seconds a presigned request may stay valid: seven days.
  package static let expirySecondsMax = 604_800

  package let region: String
  package let service: String
  package let rules: Rules
  private var keys = SigningKeyCache()
  /// Of the last signature; it is good for all of its day.
  private var lastScope: Scope?
  private var lastSignedHeaders: SignedHeaders?

  package init(region: String, service: String, rules: Rules) {
    self.region = region
    self.service = service
    self.rules = rules
  }

  package static func s3(region: String) -> SigV4 { SigV4(region: region, service: "s3", rules: .s3) }
  package static func sqs(region: String) -> SigV4 { SigV4(region: region, service: "sqs", rules: .generic) }

  /// Signs in the `Authorization` header: appends `X-Amz-Security-Token` (for temporary credentials), `X-Amz-Date`,
  /// `x-amz-content-sha256` (where the rules ask for it) and `Authorization` to the request's headers.
  ///
  /// Every header given is signed but those that hops rewrite (`Rules.isUnsigned`). The request must carry `Host`.
  @discardableResult
  package mutating func sign(_ request: inout Request, with credentials: Credentials, at date: Date) -> Signature {
    let time = SigningTime(date)
    let tokenPlace = request.headers.count
    if let token = credentials.sessionToken, rules.signsSessionToken {
      request.headers.append(("X-Amz-Security-Token", token))
    }
    request.headers.append(("X-Amz-Date", time.text))
    if rules.sendsPayloadHash {
      request.headers.append(("x-amz-content-sha256", request.payloadHash.text))
    }
    let scope = scope(at: time)
    let signedHeaders = signedHeaders(of: request)
    let canonical = CanonicalRequest(request, rules: rules, signing: signedHeaders)
    let signature = signature(of: canonical, at: time, scope: scope, secret: credentials.secretAccessKey)
    if let token = credentials.sessionToken, !rules.signsSessionToken {
      request.headers.insert(("X-Amz-Security-Token", token), at: tokenPlace)
    }
    request.headers.append(
      ("Authorization", authorization(credentials.accessKeyID, scope, signedHeaders.text, signature.hexadecimal)))
    return signature
  }

  /// Signs in the query: appends `X-Amz-Algorithm` … `X-Amz-Signature` to the request's query, so that whoever holds
  /// the URL (and sends the headers signed) may use it until it expires.
  ///
  /// - Parameter seconds: 1…604 800; outside is a programming error.
  @discardableResult
  package mutating func presign(
    _ request: inout Request, with credentials: Credentials, at date: Date, expiresInSeconds seconds: Int
  ) -> Signature {
    precondition((1...Self.expirySecondsMax).contains(seconds), "a presigned request lives 1 s to 7 days")
    let time = SigningTime(date)
    let scope = scope(at: time)
    let signedHeaders = signedHeaders(of: request)
    request.appendQuery("X-Amz-Algorithm", Self.algorithm)
    request.appendQuery("X-Amz-Credential", credentials.accessKeyID + "/" + scope.text)
    request.appendQuery("X-Amz-Date", time.text)
    request.appendQuery("X-Amz-SignedHeaders", signedHeaders.text)
    request.appendQuery("X-Amz-Expires", String(seconds))
    if let token = credentials.sessionToken, rules.signsSessionToken {
      request.appendQuery("X-Amz-Security-Token", token)
    }
    let canonical = CanonicalRequest(request, rules: rules, signing: signedHeaders)
    let signature = signature(of: canonical, at: time, scope: scope, secret: credentials.secretAccessKey)
    if let token = credentials.sessionToken, !rules.signsSessionToken {
      request.appendQuery("X-Amz-Security-Token", token)
    }
    request.appendQuery("X-Amz-Signature", signature.hexadecimal)
    return signature
  }

  private mutating func signature(
    of canonical: CanonicalRequest, at time: SigningTime, scope: Scope, secret: String
  ) -> Signature {
    Signature(of: canonical, at: time, scope: scope, key: keys.signingKey(secret: secret, scope: scope))
  }

  private func authorization(
    _ accessKeyID: String, _ scope: Scope, _ signedHeaders: String, _ signature: String
  ) -> String {
    String(joining: [
      Self.algorithm, " Credential=", accessKeyID, "/", scope.text, ", SignedHeaders=", signedHeaders, ", Signature=",
      signature,
    ])
  }

  private mutating func scope(at time: SigningTime) -> Scope {
    if let lastScope, time.text.hasPrefix(lastScope.day) { return lastScope }
    let scope = Scope(day: time.day, region: region, service: service)
    lastScope = scope
    return scope
  }
  private mutating func signedHeaders(of request: Request) -> SignedHeaders {
    if let lastSignedHeaders, lastSignedHeaders.fits(request.headers) { return lastSignedHeaders }
    let signedHeaders = SignedHeaders(of: request.headers)
    lastSignedHeaders = signedHeaders
    return signedHeaders
  }
}
