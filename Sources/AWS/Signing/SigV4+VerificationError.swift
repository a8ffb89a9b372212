extension SigV4 {
  /// Why a request's signature is not accepted. The names in parentheses are what S3 and the query services answer.
  package enum VerificationError: Error, Sendable, Hashable {
    /// Neither an `Authorization` header nor a presigned query (S3 `AccessDenied`; others `MissingAuthenticationToken`).
    case missingAuthentication
    /// Both of them, or one of them twice (S3 `InvalidArgument`; others `IncompleteSignature`).
    case multipleAuthentication
    /// Another scheme: Signature Version 2, SigV4a, Basic, … (S3 `InvalidRequest`; others `IncompleteSignature`).
    case unsupportedAlgorithm
    /// (S3 `AuthorizationHeaderMalformed`; others `IncompleteSignature`.)
    case malformedHeader(String)
    /// (S3 `AuthorizationQueryParametersError`; others `IncompleteSignature`.)
    case malformedQuery(String)
    /// `X-Amz-Date` and `Date` are both absent or unreadable (S3 `AccessDenied`; others `IncompleteSignature`).
    case missingDate
    /// The credential is scoped to another day, region or service, or is not a credential scope (S3
    /// `AuthorizationHeaderMalformed` or `AuthorizationQueryParametersError`; others `SignatureDoesNotMatch`).
    case wrongScope(String, presigned: Bool)
    /// (S3 `InvalidAccessKeyId`; others `InvalidClientTokenId`.)
    case unknownAccessKey(String)
    /// The session token is absent, or not the one issued with the key (S3 `InvalidToken`; others `InvalidClientTokenId`).
    case invalidSessionToken
    /// More than 15 minutes between the request's time and ours (S3 `RequestTimeTooSkewed`; others
    /// `SignatureDoesNotMatch`, "Signature expired").
    case clockSkewed(requestTime: SigningTime, serverTime: SigningTime)
    /// A presigned request after its end (S3 `AccessDenied`, "Request has expired").
    case expired(at: SigningTime, serverTime: SigningTime)
    /// A presigned request more than 15 minutes before its beginning (S3 `AccessDenied`, "Request is not yet valid").
    case notYetValid(requestTime: SigningTime, serverTime: SigningTime)
    /// `host`, or a header beginning with `x-amz-`, is not covered (S3 `AccessDenied`, "There were headers present in
    /// the request which were not signed"; others `SignatureDoesNotMatch`).
    case unsignedHeader(String)
    /// A header said to be signed is not in the request (S3 and others `SignatureDoesNotMatch`).
    case absentSignedHeader(String)
    /// S3 wants `x-amz-content-sha256` in a request signed by header (`InvalidRequest`).
    case missingPayloadHash
    /// Neither a SHA-256 nor one of the constants (`InvalidArgument`).
    case invalidPayloadHash(String)
    /// (`SignatureDoesNotMatch`; S3 shows both texts to help whoever signs.)
    case signatureMismatch(canonicalRequest: String, stringToSign: String)
  }
}
