/// Why a request brought no response. A response with an error status is not one of these: it is a response.
package enum TransportError: Error, Sendable, Hashable {
  /// The request itself cannot be sent: a bad URL, a header with a line break.
  case invalidRequest(String)
  /// `TransportLimits.waitingRequestCountMax` requests wait already.
  case overloaded
  case nameResolution(String)
  case connect(String)
  case tls(String)
  /// No answer within the request's timeouts; `connected` tells a dead server from a slow one.
  case timedOut(String, connected: Bool)
  /// The connection was reset or closed before the response was whole.
  case connectionLost(String)
  case malformedResponse(String)
  case responseTooLarge(byteCountMax: Int)
  /// The upload source gave up.
  case sourceAborted
  /// A replay was needed and the source could not rewind.
  case sourceNotReplayable
  /// The response sink gave up.
  case sinkAborted
  /// The task that waited was cancelled.
  case cancelled
  case shutDown
  case other(code: Int32, String)

  /// Whether the same request, repeated, may succeed. Repeating is harmless for every S3 operation used here, and SQS
  /// promises "at least once" anyway.
  package var isRetryable: Bool {
    switch self {
    case .nameResolution, .connect, .timedOut, .connectionLost: true
    case .invalidRequest, .overloaded, .tls, .malformedResponse, .responseTooLarge, .sourceAborted,
      .sourceNotReplayable, .sinkAborted, .cancelled, .shutDown, .other:
      false
    }
  }

  /// The server cannot have acted on the request, because it never came that far.
  package var nothingWasSent: Bool {
    switch self {
    case .invalidRequest, .overloaded, .nameResolution, .connect, .tls: true
    case .timedOut(_, let connected): !connected
    default: false
    }
  }
}

extension TransportError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .invalidRequest(let why): "the request cannot be sent: \(why)"
    case .overloaded: "too many requests wait for a connection"
    case .nameResolution(let why): "the host's name cannot be resolved: \(why)"
    case .connect(let why): "no connection: \(why)"
    case .tls(let why): "TLS: \(why)"
    case .timedOut(let why, _): "timed out: \(why)"
    case .connectionLost(let why): "the connection was lost: \(why)"
    case .malformedResponse(let why): "malformed response: \(why)"
    case .responseTooLarge(let byteCountMax): "the response is larger than \(byteCountMax) bytes"
    case .sourceAborted: "the upload was given up by its source"
    case .sourceNotReplayable: "the upload had to be repeated, but its bytes were gone"
    case .sinkAborted: "the download was given up by its receiver"
    case .cancelled: "cancelled"
    case .shutDown: "the transport is shut down"
    case .other(let code, let why): "curl error \(code): \(why)"
    }
  }
}
