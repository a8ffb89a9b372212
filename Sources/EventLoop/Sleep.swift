/// Suspends the task on the loop's own timers; `Task.sleep` would wake a thread of another pool.
/// - Throws: `CancellationError` as soon as the task is cancelled.
@LoopActor
package func sleep(for duration: Duration) async throws(CancellationError) {
  if Task.isCancelled { throw CancellationError() }
  let nap = Nap()
  let wasCancelled = await withTaskCancellationHandler {
    await withCheckedContinuation { nap.begin(duration, $0) }
  } onCancel: {
    EventLoop.shared.spawn { nap.end(wasCancelled: true) }
  }
  if wasCancelled { throw CancellationError() }
}

/// One suspended ``sleep(for:)``.
@LoopActor
private final class Nap {
  private var timer: LoopTimer?
  private var continuation: CheckedContinuation<Bool, Never>?
  private var wasCancelled = false

  nonisolated init() {}

  func begin(_ duration: Duration, _ continuation: CheckedContinuation<Bool, Never>) {
    if wasCancelled { return continuation.resume(returning: true) }
    self.continuation = continuation
    let timer = LoopTimer { [self] in end(wasCancelled: false) }
    timer.start(after: duration)
    self.timer = timer
  }

  func end(wasCancelled: Bool) {
    self.wasCancelled = self.wasCancelled || wasCancelled
    timer?.close()
    timer = nil
    continuation?.resume(returning: wasCancelled)
    continuation = nil
  }
}
