import DequeModule
import HeapModule
package import Jobs

/// The clients whose jobs are under way, by job, with the time until which each waits.
///
/// Queues deliver at least once and at any time, so an answer may come twice, or after its client has gone or has been
/// told to come back; ``resolve(_:)`` tells these apart, for as long as the job is among the last
/// ``Limits/settledCountMax`` that were settled. All of it costs O(log n) or less, amortised.
///
/// A value without I/O or clock; `Waiter` is the caller's.
package struct PendingAnswers<Waiter> {
  package struct Limits: Sendable {
    /// Each holds a connection open; the process's limit of file descriptors is near this.
    package var pendingCountMax = 16_384
    /// At 1000 images a second, what a visibility timeout of 60 s could bring back; some 50 bytes each.
    package var settledCountMax = 65_536

    package init() {}
  }

  package enum InsertionError: Error, Sendable, Hashable {
    /// As many wait as may.
    case full
    /// The id is, or was, another job's.
    case taken
  }

  package enum Resolution {
    /// The first answer, in time.
    case resolved(Waiter)
    /// The first answer, after the deadline or after the client left.
    case late
    /// Answered before.
    case duplicate
    /// Never heard of, or forgotten: a job of this node's former life.
    case unknown
  }

  private enum State {
    case waiting(Waiter, deadline: Duration)
    case answered, unanswered
  }

  /// A deadline; stale once the job with its id does not wait for it any more.
  private struct Alarm: Comparable {
    let deadline: Duration
    let id: JobID

    static func < (left: Alarm, right: Alarm) -> Bool {
      left.deadline == right.deadline ? left.id < right.id : left.deadline < right.deadline
    }
  }

  private let limits: Limits
  /// Deadlines are kept as times since then: an instant is a type whose size only the runtime knows, and each copy of one
  /// a call.
  private static var epoch: ContinuousClock.Instant { ContinuousClock().systemEpoch }
  /// Of the jobs that wait and of those that were settled, in one table: an id is hashed once for each event.
  private var states: [JobID: State] = [:]
  private var settledOrder = Deque<JobID>()
  private var alarms = Heap<Alarm>()
  package private(set) var count = 0

  package init(limits: Limits = Limits()) {
    self.limits = limits
  }

  package var isEmpty: Bool { count == 0 }

  /// When ``expire(at:)`` is to be called next. Only who asks pays for finding it among the stale ones.
  package var nextDeadline: ContinuousClock.Instant? {
    mutating get {
      while let alarm = alarms.min {
        if !isStale(alarm) { return Self.epoch + alarm.deadline }
        alarms.removeMin()
      }
      return nil
    }
  }

  /// Whether a job's answer is still to come, be there a client that waits for it or not.
  package func isUnanswered(_ id: JobID) -> Bool {
    switch states[id] {
    case .waiting, .unanswered: true
    case .answered, nil: false
    }
  }

  /// A client begins to wait.
  package mutating func insert(
    _ id: JobID, deadline: ContinuousClock.Instant, waiter: Waiter
  ) throws(InsertionError) {
    guard states.index(forKey: id) == nil else { throw .taken }
    guard count < limits.pendingCountMax else { throw .full }
    let deadline = Self.epoch.duration(to: deadline)
    states[id] = .waiting(waiter, deadline: deadline)
    count += 1
    alarms.insert(Alarm(deadline: deadline, id: id))
  }

  /// An answer came.
  package mutating func resolve(_ id: JobID) -> Resolution {
    guard let index = states.index(forKey: id) else { return .unknown }
    var state = State.answered
    swap(&states.values[index], &state)
    switch state {
    case .waiting(let waiter, _):
      settled(id)
      return .resolved(waiter)
    case .answered: return .duplicate
    case .unanswered: return .late
    }
  }

  /// A client left.
  /// - Returns: nil when it does not wait any more.
  @discardableResult
  package mutating func drop(_ id: JobID) -> Waiter? {
    guard let index = states.index(forKey: id), case .waiting(let waiter, _) = states.values[index] else { return nil }
    states.values[index] = .unanswered
    settled(id)
    return waiter
  }

  /// All clients leave.
  package mutating func dropAll() -> [Waiter] {
    let ids = states.compactMap { if case .waiting = $0.value { $0.key } else { nil } }
    return ids.compactMap { drop($0) }
  }

  /// Time has passed.
  /// - Returns: whose deadline is `now` or before, in the order of their deadlines.
  package mutating func expire(at now: ContinuousClock.Instant) -> [(id: JobID, waiter: Waiter)] {
    let now = Self.epoch.duration(to: now)
    var expired: [(id: JobID, waiter: Waiter)] = []
    while let alarm = alarms.min, alarm.deadline <= now {
      alarms.removeMin()
      if !isStale(alarm), let waiter = drop(alarm.id) { expired.append((alarm.id, waiter)) }
    }
    return expired
  }

  /// One waits no more, as its state says by now.
  private mutating func settled(_ id: JobID) {
    count -= 1
    settledOrder.append(id)
    if settledOrder.count > limits.settledCountMax, let oldest = settledOrder.popFirst() { states[oldest] = nil }
    discardStaleAlarms()
  }

  private func isStale(_ alarm: Alarm) -> Bool {
    guard case .waiting(_, let deadline) = states[alarm.id] else { return true }
    return deadline != alarm.deadline
  }

  /// Answers mostly come long before their deadlines, so stale alarms pile up; once they are the greater part, the heap
  /// is built anew, in a time that the alarms inserted since then have paid for.
  private mutating func discardStaleAlarms() {
    if alarms.count > 2 * count + 64 { alarms = Heap(alarms.unordered.filter { !isStale($0) }) }
  }
}

extension PendingAnswers {
  /// How many deadlines are kept, stale ones included; bounded by `2 * count + 64`, or one more until the next event.
  var alarmCount: Int { alarms.count }
}
