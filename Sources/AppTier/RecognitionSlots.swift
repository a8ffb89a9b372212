import DequeModule
import EventLoop

/// So many at once, the others in the order they came.
@LoopActor final class RecognitionSlots {
  private var freeCount: Int
  private var waiters: Deque<(ticket: Int, continuation: CheckedContinuation<Bool, Never>)> = []
  private var nextTicket = 0

  init(count: Int) { freeCount = count }

  /// Waits for a slot, which is the caller's until `release()`.
  ///
  /// - Throws: `CancellationError` when the task was cancelled while it waited; there is nothing to release then.
  func acquire() async throws(CancellationError) {
    if Task.isCancelled { throw CancellationError() }
    if freeCount > 0 {
      freeCount -= 1
      return
    }
    let ticket = nextTicket
    nextTicket += 1
    let isOurs = await withTaskCancellationHandler {
      await withCheckedContinuation { waiters.append((ticket, $0)) }
    } onCancel: {
      EventLoop.shared.spawn { self.cancel(ticket) }
    }
    if !isOurs { throw CancellationError() }
  }

  func release() {
    if let next = waiters.popFirst() { next.continuation.resume(returning: true) } else { freeCount += 1 }
  }

  private func cancel(_ ticket: Int) {
    guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return }
    waiters.remove(at: index).continuation.resume(returning: false)
  }
}
