import HTTP

/// The codes of "Error responses" (S3 API Reference) that this store can answer, with their statuses and messages.
enum S3ErrorCode: String, Sendable {
  case accessControlListNotSupported = "AccessControlListNotSupported"
  case accessDenied = "AccessDenied"
  case authorizationHeaderMalformed = "AuthorizationHeaderMalformed"
  case authorizationQueryParametersError = "AuthorizationQueryParametersError"
  case badDigest = "BadDigest"
  case bucketAlreadyOwnedByYou = "BucketAlreadyOwnedByYou"
  case bucketNotEmpty = "BucketNotEmpty"
  case contentSHA256Mismatch = "XAmzContentSHA256Mismatch"
  case entityTooLarge = "EntityTooLarge"
  case entityTooSmall = "EntityTooSmall"
  case incompleteBody = "IncompleteBody"
  case internalError = "InternalError"
  case invalidAccessKeyID = "InvalidAccessKeyId"
  case invalidArgument = "InvalidArgument"
  case invalidBucketName = "InvalidBucketName"
  case invalidChunkSize = "InvalidChunkSizeError"
  case invalidDigest = "InvalidDigest"
  case invalidPart = "InvalidPart"
  case invalidPartNumber = "InvalidPartNumber"
  case invalidPartOrder = "InvalidPartOrder"
  case invalidRange = "InvalidRange"
  case invalidRequest = "InvalidRequest"
  case invalidStorageClass = "InvalidStorageClass"
  case invalidToken = "InvalidToken"
  case invalidURI = "InvalidURI"
  case keyTooLong = "KeyTooLongError"
  case malformedTrailer = "MalformedTrailerError"
  case malformedXML = "MalformedXML"
  case metadataTooLarge = "MetadataTooLarge"
  case methodNotAllowed = "MethodNotAllowed"
  case missingContentLength = "MissingContentLength"
  case noSuchBucket = "NoSuchBucket"
  case noSuchKey = "NoSuchKey"
  case noSuchUpload = "NoSuchUpload"
  case notFound = "NotFound"
  case notImplemented = "NotImplemented"
  case notModified = "NotModified"
  case preconditionFailed = "PreconditionFailed"
  case requestTimeout = "RequestTimeout"
  case requestTimeTooSkewed = "RequestTimeTooSkewed"
  case signatureDoesNotMatch = "SignatureDoesNotMatch"
  case slowDown = "SlowDown"
  case tooManyBuckets = "TooManyBuckets"

  var status: HTTPStatus {
    switch self {
    case .accessDenied, .invalidAccessKeyID, .requestTimeTooSkewed, .signatureDoesNotMatch: .forbidden
    case .bucketAlreadyOwnedByYou, .bucketNotEmpty: .conflict
    case .internalError: .internalServerError
    case .invalidRange, .invalidPartNumber: .rangeNotSatisfiable
    case .methodNotAllowed: .methodNotAllowed
    case .missingContentLength: .lengthRequired
    case .noSuchBucket, .noSuchKey, .noSuchUpload, .notFound: .notFound
    case .notImplemented: .notImplemented
    case .notModified: .notModified
    case .preconditionFailed: .preconditionFailed
    case .slowDown: .serviceUnavailable
    default: .badRequest
    }
  }

  var message: String {
    switch self {
    case .accessControlListNotSupported: "The bucket does not allow ACLs."
    case .accessDenied: "Access Denied"
    case .authorizationHeaderMalformed: "The authorization header that you provided is not valid."
    case .authorizationQueryParametersError: "The authorization query parameters that you provided are not valid."
    case .badDigest: "The Content-MD5 or checksum value that you specified did not match what the server received."
    case .bucketAlreadyOwnedByYou:
      "Your previous request to create the named bucket succeeded and you already own it."
    case .bucketNotEmpty: "The bucket you tried to delete is not empty."
    case .contentSHA256Mismatch: "The provided 'x-amz-content-sha256' header does not match what was computed."
    case .entityTooLarge: "Your proposed upload exceeds the maximum allowed object size."
    case .entityTooSmall: "Your proposed upload is smaller than the minimum allowed object size."
    case .incompleteBody: "You did not provide the number of bytes specified by the Content-Length HTTP header."
    case .internalError: "We encountered an internal error. Please try again."
    case .invalidAccessKeyID: "The AWS access key ID that you provided does not exist in our records."
    case .invalidArgument: "Invalid Argument"
    case .invalidBucketName: "The specified bucket is not valid."
    case .invalidChunkSize: "Only the last chunk is allowed to have a size less than 8192 bytes."
    case .invalidDigest: "The Content-MD5 or checksum value that you specified is not valid."
    case .invalidPart:
      "One or more of the specified parts could not be found. The part might not have been uploaded, or the specified "
        + "entity tag might not have matched the part's entity tag."
    case .invalidPartNumber: "The requested partnumber is not satisfiable"
    case .invalidPartOrder:
      "The list of parts was not in ascending order. The parts list must be specified in order by part number."
    case .invalidRange: "The requested range is not satisfiable"
    case .invalidRequest: "The request is not valid."
    case .invalidStorageClass: "The storage class that you specified is not valid."
    case .invalidToken: "The provided token is malformed or otherwise not valid."
    case .invalidURI: "The specified URI couldn't be parsed."
    case .keyTooLong: "Your key is too long."
    case .malformedTrailer: "The request contained trailing data that was not well-formed."
    case .malformedXML:
      "The XML you provided was not well-formed or did not validate against our published schema."
    case .metadataTooLarge: "Your metadata headers exceed the maximum allowed metadata size."
    case .methodNotAllowed: "The specified method is not allowed against this resource."
    case .missingContentLength: "You must provide the Content-Length HTTP header."
    case .noSuchBucket: "The specified bucket does not exist."
    case .noSuchKey: "The specified key does not exist."
    case .noSuchUpload:
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    case .notFound: "Not Found"
    case .notImplemented: "A header or query you provided implies functionality that is not implemented."
    case .notModified: "Not Modified"
    case .preconditionFailed: "At least one of the preconditions that you specified did not hold."
    case .requestTimeout:
      "Your socket connection to the server was not read from or written to within the timeout period."
    case .requestTimeTooSkewed: "The difference between the request time and the server's time is too large."
    case .signatureDoesNotMatch:
      "The request signature that the server calculated does not match the signature that you provided. Check your AWS "
        + "secret access key and signing method."
    case .slowDown: "Please reduce your request rate."
    case .tooManyBuckets: "You have attempted to create more buckets than are allowed."
    }
  }
}
