package import EventLoop

/// How often each operation was tried, and how it ended. Shared by the clients of a process; read by `/metrics`.
@LoopActor package final class AWSCallCounters {
  /// The operations are the clients' own and the outcomes six, so this cannot grow beyond their product.
  package struct Key: Sendable, Hashable {
    package var service: String
    package var operation: String
    package var outcome: Outcome
  }

  package enum Outcome: String, Sendable, Hashable, CaseIterable {
    case succeeded
    /// The service refused: 3xx or 4xx.
    case refused
    case throttled
    /// The service failed: 5xx.
    case failed
    /// No answer came.
    case unanswered
    /// It was given up here before its answer came; most of them before a byte had left, as uploads are that turn out to
    /// have ended while their PUT waited for a connection.
    case cancelled
  }

  /// One for every attempt, retries included.
  package private(set) var attempts: [Key: Int] = [:]

  package init() {}

  func count(_ outcome: Outcome, service: String, operation: String) {
    attempts[Key(service: service, operation: operation, outcome: outcome), default: 0] += 1
  }
}
