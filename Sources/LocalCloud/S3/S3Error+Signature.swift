import AWS

extension S3Error {
  /// What S3 answers to a signature it does not accept.
  init(_ error: SigV4.VerificationError) {
    switch error {
    case .missingAuthentication: self.init(.accessDenied)
    case .multipleAuthentication:
      self.init(
        .invalidArgument,
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter "
          + "or the Authorization header should be specified")
    case .unsupportedAlgorithm:
      self.init(
        .invalidRequest,
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
    case .malformedHeader(let reason):
      self.init(.authorizationHeaderMalformed, "The authorization header is malformed; \(reason).")
    case .malformedQuery(let reason): self.init(.authorizationQueryParametersError, "\(reason)")
    case .missingDate:
      self.init(.accessDenied, "AWS authentication requires a valid Date or x-amz-date header")
    case .wrongScope(let reason, let presigned):
      self.init(presigned ? .authorizationQueryParametersError : .authorizationHeaderMalformed, reason)
    case .unknownAccessKey(let key): self.init(.invalidAccessKeyID, details: [("AWSAccessKeyId", key)])
    case .invalidSessionToken: self.init(.invalidToken)
    case .clockSkewed(let requestTime, let serverTime):
      self.init(
        .requestTimeTooSkewed,
        details: [
          ("RequestTime", requestTime.text), ("ServerTime", Timestamp(serverTime.date).iso8601),
          ("MaxAllowedSkewMilliseconds", String(SigV4.Verifier.clockSkewSecondsMax * 1000)),
        ])
    case .expired(let end, let serverTime):
      self.init(
        .accessDenied, "Request has expired",
        details: [("Expires", Timestamp(end.date).iso8601), ("ServerTime", Timestamp(serverTime.date).iso8601)])
    case .notYetValid(let requestTime, let serverTime):
      self.init(
        .accessDenied, "Request is not yet valid",
        details: [("X-Amz-Date", requestTime.text), ("ServerTime", Timestamp(serverTime.date).iso8601)])
    case .unsignedHeader(let name):
      self.init(
        .accessDenied, "There were headers present in the request which were not signed",
        details: [("HeadersNotSigned", name)])
    case .absentSignedHeader: self.init(.signatureDoesNotMatch)
    case .missingPayloadHash:
      self.init(.invalidRequest, "Missing required header for this request: x-amz-content-sha256")
    case .invalidPayloadHash(let value):
      self.init(
        .invalidArgument,
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
          + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        details: [("ArgumentName", "x-amz-content-sha256"), ("ArgumentValue", value)])
    case .signatureMismatch(let canonicalRequest, let stringToSign):
      self.init(
        .signatureDoesNotMatch,
        details: [("StringToSign", stringToSign), ("CanonicalRequest", canonicalRequest)])
    }
  }
}
