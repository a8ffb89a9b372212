package import EventLoop

/// One call on its way: its attempts, and the pauses between them. It needs no task of its own, since most calls are one
/// attempt, and an upload is worth fewer instructions than a task.
@LoopActor package final class RunningCall {
  package typealias Completion = @LoopActor (Result<TransportResponse, AWSError>) -> Void

  private let call: ServiceCall
  private let caller: ServiceCaller
  private var completion: Completion?
  private var retries: RetrySequence
  private var clockIsSet = false
  private var isCancelled = false

  // What it waits for, one at a time.
  private var ticket: UInt64?
  private var pause: LoopTimer?
  private var credentials: Task<Void, Never>?

  nonisolated init(_ call: ServiceCall, by caller: ServiceCaller) {
    self.call = call
    self.caller = caller
    retries = caller.retryPolicy.begin()
  }

  func start(_ completion: @escaping Completion) {
    self.completion = completion
    if isCancelled { return finish(.failure(.transport(.cancelled))) }
    attempt()
  }

  /// Ends the call with `.cancelled` if it has not ended. An attempt that has been sent may still take effect.
  package func cancel() {
    isCancelled = true
    if let ticket {
      caller.transport.cancel(ticket)
    } else {
      finish(.failure(.transport(.cancelled)))
    }
  }

  private func attempt() {
    if let ready = caller.credentials.ready { return send(with: ready) }
    credentials = EventLoop.shared.spawn { [self] in
      let result: Result<Credentials, CredentialsError>
      do throws(CredentialsError) {
        result = .success(try await caller.credentials.credentials())
      } catch {
        result = .failure(error)
      }
      credentials = nil
      guard completion != nil else { return }
      switch result {
      case .success(let credentials): send(with: credentials)
      case .failure(let error): finish(.failure(.credentials(error)))
      }
    }
  }

  private func send(with credentials: Credentials) {
    let ticket = caller.transport.makeTicket()
    self.ticket = ticket
    caller.transport.begin(caller.sign(call, with: credentials), ticket: ticket) { [self] in ended($0) }
  }

  private func ended(_ result: Result<TransportResponse, TransportError>) {
    ticket = nil
    guard let failed = caller.judge(result, of: call) else {
      retries.succeed(quota: &caller.retryQuota)
      // Without a failure there is a response.
      return finish(result.mapError { .transport($0) })
    }
    retry(after: failed)
  }

  private func retry(after failed: FailedAttempt) {
    if !clockIsSet, failed.error.serviceError?.isClockSkew ?? false, call.rewind() {
      // The attempt has set our idea of the service's clock; no need to wait.
      clockIsSet = true
      return attempt()
    }
    guard !isCancelled, let cause = failed.error.retryCause, call.rewind() else {
      return finish(.failure(failed.error))
    }
    let decision = retries.decide(
      after: cause, retryAfter: failed.retryAfter, fraction: caller.randomFraction(), quota: &caller.retryQuota)
    guard case .retry(let delay) = decision else { return finish(.failure(failed.error)) }
    let pause = LoopTimer { [self] in
      endPause()
      attempt()
    }
    self.pause = pause
    pause.start(after: delay)
  }

  private func endPause() {
    pause?.close()
    pause = nil
  }

  private func finish(_ result: Result<TransportResponse, AWSError>) {
    endPause()
    credentials?.cancel()
    credentials = nil
    guard let completion else { return }
    self.completion = nil
    completion(result)
  }
}
