extension TCPStream {
  /// Finishes a TLS handshake as the client. The stream goes on reading, and has no delegate afterwards.
  /// - Throws: Why there is none: `ECANCELED` when the task is cancelled, `ETIMEDOUT` after `timeout`. `distrust` tells
  ///   more. The stream is still its owner's to close.
  package func secure(
    _ context: TLSClientContext, serverName: String, timeout: Duration
  ) async throws(UVError) {
    startTLS(context, serverName: serverName)
    let attempt = HandshakeAttempt()
    delegate = attempt
    let error = await withTaskCancellationHandler {
      await withCheckedContinuation { attempt.begin(self, timeout: timeout, $0) }
    } onCancel: {
      EventLoop.shared.spawn { attempt.finish(.cancelled) }
    }
    delegate = nil
    if let error { throw error }
  }
}

/// A handshake on its way; ends once.
@LoopActor
private final class HandshakeAttempt: TCPStreamDelegate {
  private var continuation: CheckedContinuation<UVError?, Never>?
  private var timer: LoopTimer?
  private var isFinished = false

  nonisolated init() {}

  func begin(_ stream: TCPStream, timeout: Duration, _ continuation: CheckedContinuation<UVError?, Never>) {
    if isFinished { return continuation.resume(returning: .cancelled) }
    self.continuation = continuation
    let timer = LoopTimer { [self] in finish(.timedOut) }
    timer.start(after: timeout)
    self.timer = timer
    stream.startReading()
  }

  func finish(_ error: UVError?) {
    guard !isFinished else { return }
    isFinished = true
    timer?.close()
    continuation?.resume(returning: error)
    continuation = nil
  }

  func streamDidSecure(_ stream: TCPStream) { finish(nil) }
  func streamDidReachEnd(_ stream: TCPStream) { finish(.connectionReset) }
  func stream(_ stream: TCPStream, didFail error: UVError) { finish(error) }
  // A server speaks after it has been asked.
  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) { finish(.protocolViolation) }
  func streamDidDrain(_ stream: TCPStream) {}
}
