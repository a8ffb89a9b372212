import EventLoop
import Jobs

/// One who listens for a job's answer besides, or after, the client that sent the image: any number may, whoever has
/// queued the job. Made by ``AnswerTable/listen(to:)``, and given back to it.
@LoopActor
final class AnswerListener {
  let id: JobID
  /// The answer, once it has come.
  private(set) var reply: Reply?
  private var continuation: CheckedContinuation<Bool, Never>?

  init(_ id: JobID) { self.id = id }

  /// Waits for the answer, which may have come before.
  /// - Returns: `nil` when the time has passed, or ``release()`` was called.
  /// - Throws: `.cancelled` as soon as the client has gone.
  func wait(for duration: Duration) async throws(SubmissionError) -> Reply? {
    if let reply { return reply }
    let timer = LoopTimer { [unowned self] in wake(isCancelled: false) }
    timer.start(after: duration)
    defer { timer.close() }
    let isCancelled = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled { return continuation.resume(returning: true) }
        self.continuation = continuation
      }
    } onCancel: {
      EventLoop.shared.spawn { self.wake(isCancelled: true) }
    }
    if isCancelled { throw .cancelled }
    return reply
  }

  /// The answer has come.
  func resolve(_ reply: Reply) {
    if self.reply == nil { self.reply = reply }
    wake(isCancelled: false)
  }

  /// Ends the wait at once.
  func release() { wake(isCancelled: false) }

  private func wake(isCancelled: Bool) {
    continuation?.resume(returning: isCancelled)
    continuation = nil
  }
}
