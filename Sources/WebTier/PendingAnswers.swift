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

  private struct Entry {
    let waiter: Waiter
    let ticket: UInt64
  }

  /// A deadline; stale once the entry with its ticket has gone.
  private struct Alarm: Comparable {
    let deadline: ContinuousClock.Instant
    let ticket: UInt64
    let id: JobID

    static func < (left: Alarm, right: Alarm) -> Bool {
      (left.deadline, left.ticket) < (right.deadline, right.ticket)
    }
  }

  private enum Settled {
    case answered, unanswered
  }

  private let limits: Limits
  private var entries: [JobID: Entry] = [:]
  /// The first one is never stale.
  private var alarms = Heap<Alarm>()
  private var nextTicket: UInt64 = 0
  private var settled: [JobID: Settled] = [:]
  private var settledOrder = Deque<JobID>()

  package init(limits: Limits = Limits()) {
    self.limits = limits
  }

  package var count: Int { entries.count }
  package var isEmpty: Bool { entries.isEmpty }
  /// When ``expire(at:)`` is to be called next.
  package var nextDeadline: ContinuousClock.Instant? { alarms.min?.deadline }

  /// Whether a job's answer is still to come, be there a client that waits for it or not.
  package func isUnanswered(_ id: JobID) -> Bool { entries[id] != nil || settled[id] == .unanswered }

  /// A client begins to wait.
  package mutating func insert(
    _ id: JobID, deadline: ContinuousClock.Instant, waiter: Waiter
  ) throws(InsertionError) {
    guard entries[id] == nil, settled[id] == nil else { throw .taken }
    guard entries.count < limits.pendingCountMax else { throw .full }
    entries[id] = Entry(waiter: waiter, ticket: nextTicket)
    alarms.insert(Alarm(deadline: deadline, ticket: nextTicket, id: id))
    nextTicket += 1
  }

  /// An answer came.
  package mutating func resolve(_ id: JobID) -> Resolution {
    if let entry = entries.removeValue(forKey: id) {
      settle(id, .answered)
      discardStaleAlarms()
      return .resolved(entry.waiter)
    }
    switch settled[id] {
    case .answered:
      return .duplicate
    case .unanswered:
      settled[id] = .answered
      return .late
    case nil:
      return .unknown
    }
  }

  /// A client left.
  /// - Returns: nil when it does not wait any more.
  @discardableResult
  package mutating func drop(_ id: JobID) -> Waiter? {
    guard let entry = entries.removeValue(forKey: id) else { return nil }
    settle(id, .unanswered)
    discardStaleAlarms()
    return entry.waiter
  }

  /// Time has passed.
  /// - Returns: whose deadline is `now` or before, in the order of their deadlines.
  package mutating func expire(at now: ContinuousClock.Instant) -> [(id: JobID, waiter: Waiter)] {
    var expired: [(id: JobID, waiter: Waiter)] = []
    while let alarm = alarms.min, alarm.deadline <= now {
      alarms.removeMin()
      if let entry = entries[alarm.id], entry.ticket == alarm.ticket {
        entries[alarm.id] = nil
        settle(alarm.id, .unanswered)
        expired.append((alarm.id, entry.waiter))
      }
    }
    discardStaleAlarms()
    return expired
  }

  private mutating func settle(_ id: JobID, _ how: Settled) {
    settled[id] = how
    settledOrder.append(id)
    if settledOrder.count > limits.settledCountMax, let oldest = settledOrder.popFirst() {
      settled[oldest] = nil
    }
  }

  private func isStale(_ alarm: Alarm) -> Bool { entries[alarm.id]?.ticket != alarm.ticket }

  /// Answers mostly come long before their deadlines, so stale alarms pile up behind the first one; once they are the
  /// greater part, the heap is built anew, in a time that the alarms inserted since then have paid for.
  private mutating func discardStaleAlarms() {
    if alarms.count > 2 * entries.count + 64 {
      alarms = Heap(alarms.unordered.filter { !isStale($0) })
    }
    while let alarm = alarms.min, isStale(alarm) { alarms.removeMin() }
  }
}

extension PendingAnswers {
  /// How many deadlines are kept, stale ones included; bounded by `2 * count + 64`, or one more until the next event.
  var alarmCount: Int { alarms.count }
}
