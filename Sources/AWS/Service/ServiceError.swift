/// A service's answer that says no, as the service put it.
package struct ServiceError: Error, Sendable, Hashable {
  /// `NoSuchKey`, `SlowDown`, `QueueDoesNotExist` …: what programs decide by. For a response without a body (HEAD) or
  /// from something that is not the service (a proxy), the status stands in: `HTTP404`.
  package var code: String
  package var message: String
  /// What AWS's support asks for; empty when the response had none.
  package var requestID: String
  /// The HTTP status.
  package var status: Int
  /// `PutObject`, `ReceiveMessage` …
  package var operation: String

  package init(code: String, message: String = "", requestID: String = "", status: Int, operation: String = "") {
    self.code = code
    self.message = message
    self.requestID = requestID
    self.status = status
    self.operation = operation
  }

  /// The object, upload or queue does not exist. A missing bucket is not meant: that is a mistake in the set-up.
  package var isNotFound: Bool {
    switch code {
    case "NoSuchBucket": false
    case "NoSuchKey", "NoSuchUpload", "QueueDoesNotExist", "NotFound": true
    default: status == 404
    }
  }

  /// The object is not as a write's `If-None-Match` or `If-Match` wants it.
  package var isPreconditionFailed: Bool { code == "PreconditionFailed" || status == 412 }
  /// Another write of the same object came between ("Conditional writes", S3 User Guide): to be tried again from the
  /// beginning.
  package var isConditionalConflict: Bool { code == "ConditionalRequestConflict" }

  package var isBucketMissing: Bool { code == "NoSuchBucket" }
  package var isQueueMissing: Bool { code == "QueueDoesNotExist" }

  /// The service asks for fewer requests.
  package var isThrottling: Bool {
    switch code {
    case "SlowDown", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
      "RequestThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded",
      "PriorRequestNotComplete", "KmsThrottled", "KMS.ThrottlingException", "LimitExceededException":
      true
    default: status == 429
    }
  }

  /// Repeating the same request may succeed.
  package var isTransient: Bool {
    switch code {
    case "InternalError", "InternalFailure", "ServiceUnavailable", "RequestTimeout", "RequestTimeoutException",
      "OperationAborted", "ServerBusy":
      true
    // Damage on the way: another transfer may be sound.
    case "BadDigest", "XAmzContentChecksumMismatch": true
    // 501 says that it never will.
    default: isThrottling || [500, 502, 503, 504].contains(status)
    }
  }

  /// The clocks differ by more than the service allows (15 min for S3, 5 for the others).
  package var isClockSkew: Bool {
    switch code {
    case "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture": true
    // SQS says so in the message only.
    case "InvalidSignatureException", "SignatureDoesNotMatch":
      message.contains("Signature expired") || message.contains("Signature not yet current")
    default: false
    }
  }

  /// The credentials themselves are over: new ones may do.
  package var isCredentialsExpiry: Bool {
    ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"].contains(code)
  }
}

extension ServiceError: CustomStringConvertible {
  package var description: String {
    var text = operation.isEmpty ? "" : "\(operation): "
    text += "\(code) (HTTP \(status))"
    if !message.isEmpty { text += ": \(message)" }
    if !requestID.isEmpty { text += " [request \(requestID)]" }
    return text
  }
}
