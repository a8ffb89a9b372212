import DequeModule
import Jobs

/// Jobs that were queued not long ago, and need not be queued again: their answers are on their way, or never will be.
///
/// A value without a clock.
struct RecentJobs {
  private let duration: Duration
  private let countMax: Int
  private var deadlines: [JobID: ContinuousClock.Instant] = [:]
  /// In the order of their deadlines; stale where `deadlines` says otherwise.
  private var order = Deque<(id: JobID, deadline: ContinuousClock.Instant)>()

  /// - Parameter countMax: The oldest are forgotten first.
  init(lasting duration: Duration, countMax: Int) {
    self.duration = duration
    self.countMax = countMax
  }

  func contains(_ id: JobID, at now: ContinuousClock.Instant) -> Bool { deadlines[id].map { $0 > now } ?? false }

  mutating func insert(_ id: JobID, at now: ContinuousClock.Instant) {
    let deadline = now + duration
    deadlines[id] = deadline
    order.append((id, deadline))
    while let first = order.first, first.deadline <= now || order.count > countMax {
      order.removeFirst()
      if deadlines[first.id] == first.deadline { deadlines[first.id] = nil }
    }
  }

  mutating func remove(_ id: JobID) { deadlines[id] = nil }
}
