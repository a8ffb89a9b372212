import EventLoop

/// What happens on the loop, one after the other, for a test that waits for it.
@LoopActor final class Happenings<Event: Sendable> {
  private var events: [Event] = []
  private var waiter: CheckedContinuation<Event, Never>?

  func report(_ event: Event) {
    guard let waiter else { return events.append(event) }
    self.waiter = nil
    waiter.resume(returning: event)
  }

  /// The first that has not been waited for.
  func next() async -> Event {
    if !events.isEmpty { return events.removeFirst() }
    return await withCheckedContinuation { waiter = $0 }
  }

  /// Those that have happened and not been waited for.
  var count: Int { events.count }
}
