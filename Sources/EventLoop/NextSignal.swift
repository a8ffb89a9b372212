/// Waits for the first of some Unix signals, which are caught from the call on until it returns.
/// - Throws: `EINVAL` for a signal that cannot be caught.
@LoopActor
package func nextSignal(of signals: [Int32]) async throws(UVError) -> Int32 {
  let arrival = SignalArrival()
  var watchers: [LoopSignal] = []
  defer { for watcher in watchers { watcher.close() } }
  for signal in signals { watchers.append(try LoopSignal(signal) { arrival.signal(signal) }) }
  return await arrival.first()
}

/// The first signal, whether it comes before or after somebody waits for it.
@LoopActor
private final class SignalArrival {
  private var received: Int32?
  private var waiter: CheckedContinuation<Int32, Never>?

  func signal(_ number: Int32) {
    guard received == nil else { return }
    received = number
    waiter?.resume(returning: number)
  }

  func first() async -> Int32 {
    if let received { return received }
    return await withCheckedContinuation { waiter = $0 }
  }
}
