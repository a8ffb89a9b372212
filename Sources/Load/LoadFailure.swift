import AWS

/// Why a request has no answer.
enum LoadFailure: Error, Equatable {
  case connecting(String)
  /// The connection ended before the response was whole.
  case connectionLost(String)
  case malformedResponse(String)
  case timedOut
  /// A status that is no answer; with the problem's code, if it has one.
  case status(Int, code: String?)
  /// 202, and nobody was to wait for the rest.
  case pending
  /// 200 without a label in it, though labels were to be read.
  case unreadable

  /// A kind, under which it is counted.
  var kind: String {
    switch self {
    case .connecting(let reason): "not connected: \(reason)"
    case .connectionLost(let reason): "connection lost: \(reason)"
    case .malformedResponse(let reason): "malformed response: \(reason)"
    case .timedOut: "timed out"
    case .status(let status, let code): code.map { "\(status) \($0)" } ?? "\(status)"
    case .pending: "202 not answered in time"
    case .unreadable: "no label in the answer"
    }
  }

  init(connecting error: TransportError) {
    switch error {
    case .timedOut: self = .timedOut
    case .connect(let reason): self = .connecting(reason)
    default: self = .connecting(error.description)
    }
  }
}
