import DequeModule
import EventLoop

/// A queue in memory that forgets a message when it is received: to delete it changes nothing, and nothing comes twice.
@LoopActor
final class SinkQueue {
  private struct Waiter {
    let id: UInt64
    let countMax: Int
    let continuation: UnsafeContinuation<[SinkMessage], Never>
  }

  private var messages = Deque<SinkMessage>()
  private var waiters = Deque<Waiter>()
  private var lastWaiter: UInt64 = 0

  var count: Int { messages.count }

  func add(_ arrivals: [SinkMessage]) {
    messages.append(contentsOf: arrivals)
    while !messages.isEmpty, let waiter = waiters.popFirst() {
      waiter.continuation.resume(returning: take(waiter.countMax))
    }
  }

  /// Puts back at the front what a client that has gone did not get.
  func giveBack(_ returned: [SinkMessage]) {
    messages.prepend(contentsOf: returned)
    add([])
  }

  /// Receives up to `countMax` messages, waiting for the first until `wait` is over or the task is cancelled.
  func receive(countMax: Int, wait: Duration) async -> [SinkMessage] {
    if !messages.isEmpty || wait == .zero { return take(countMax) }
    lastWaiter += 1
    let id = lastWaiter
    let timer = LoopTimer { [weak self] in self?.end(id) }
    timer.start(after: wait)
    defer { timer.close() }
    return await withTaskCancellationHandler {
      await withUnsafeContinuation { waiters.append(Waiter(id: id, countMax: countMax, continuation: $0)) }
    } onCancel: {
      EventLoop.shared.spawn { self.end(id) }
    }
  }

  /// Answers every receiver that waits, with nothing.
  func close() {
    while let waiter = waiters.popFirst() { waiter.continuation.resume(returning: []) }
  }

  private func take(_ countMax: Int) -> [SinkMessage] {
    let taken = Array(messages.prefix(countMax))
    messages.removeFirst(taken.count)
    return taken
  }

  private func end(_ id: UInt64) {
    guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
    waiters.remove(at: index).continuation.resume(returning: [])
  }
}
