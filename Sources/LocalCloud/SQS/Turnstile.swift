import DequeModule
import EventLoop

/// Lets one task at a time through, in the order they came. For changes to the set of queues, which await the disk
/// between looking and acting.
@LoopActor
final class Turnstile {
  private var isTaken = false
  private var line = Deque<UnsafeContinuation<Void, Never>>()

  func pass<T, E: Error>(_ body: () async throws(E) -> T) async throws(E) -> T {
    if isTaken { await withUnsafeContinuation { line.append($0) } }
    isTaken = true
    defer {
      if let next = line.popFirst() { next.resume() } else { isTaken = false }
    }
    return try await body()
  }
}
