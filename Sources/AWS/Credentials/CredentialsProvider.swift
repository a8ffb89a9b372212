package import EventLoop

/// Where credentials come from. Asked before every request, so an implementation that has to fetch them keeps them.
@LoopActor package protocol CredentialsProvider: AnyObject {
  /// Those at hand, if they can be used without waiting for anything; nil is no error.
  var ready: Credentials? { get }
  func credentials() async throws(CredentialsError) -> Credentials
}

extension CredentialsProvider {
  package var ready: Credentials? { nil }
}

/// One place to look. The chain asks in order and keeps what it finds.
@LoopActor protocol CredentialsSource: AnyObject {
  /// Named in errors: "environment", "container", "instance metadata" …
  var name: String { get }
  /// Nil when this place is not configured, so that the next is asked; an error when it is, but does not work: falling
  /// through to other credentials then would hide the mistake.
  func fetch() async throws(CredentialsError) -> Credentials?
}

/// Credentials given once and for all: of a local store, of tests.
@LoopActor package final class FixedCredentials: CredentialsProvider {
  private let fixed: Credentials

  package init(_ credentials: Credentials) { fixed = credentials }

  package var ready: Credentials? { fixed }

  package func credentials() async throws(CredentialsError) -> Credentials { fixed }
}
