/// Why a call of S3 or SQS failed, after the retries it was worth.
package enum AWSError: Error, Sendable {
  /// The service said no.
  case service(ServiceError)
  /// There was no answer.
  case transport(TransportError)
  /// There was nothing to sign with.
  case credentials(CredentialsError)
  /// A success that makes no sense: not the XML or JSON that was promised.
  case malformedResponse(operation: String, String)
  /// The bytes that arrived are not the bytes that were sent.
  case checksumMismatch(operation: String)
  /// The arguments cannot make a request: an empty key, a batch of none.
  case invalidArgument(String)

  package var serviceError: ServiceError? {
    if case .service(let error) = self { error } else { nil }
  }

  /// See `ServiceError.isNotFound`.
  package var isNotFound: Bool { serviceError?.isNotFound ?? false }

  /// The task that waited was cancelled.
  package var isCancellation: Bool {
    if case .transport(.cancelled) = self { true } else { false }
  }
}

extension AWSError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .service(let error): error.description
    case .transport(let error): error.description
    case .credentials(let error): "no credentials: \(error)"
    case .malformedResponse(let operation, let why): "\(operation): unintelligible response: \(why)"
    case .checksumMismatch(let operation): "\(operation): the checksum does not match"
    case .invalidArgument(let why): why
    }
  }
}
