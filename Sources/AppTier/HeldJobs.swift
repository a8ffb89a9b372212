/// The jobs a worker holds: how many more it may take, and when SQS must be told that they are still being worked on.
///
/// A value without I/O: told what happens and when.
struct HeldJobs {
  /// Names one receipt of one message.
  struct Ticket: Sendable, Hashable {
    fileprivate let number: Int
  }

  enum Stage: Sendable, Hashable {
    /// Its image is being fetched, or waits to be classified: another worker loses nothing by starting anew.
    case ahead
    case recognising
    /// Its answer is on the way.
    case answering
    /// It is being given back, which takes a call: its visibility is not to be extended over our own head.
    case leaving

    /// Counts among those that keep the processor busy.
    fileprivate var isAhead: Bool { self == .ahead || self == .recognising }
  }

  struct Held: Sendable, Hashable {
    let ticket: Ticket
    let receiptHandle: String
  }

  private struct Entry {
    let receiptHandle: String
    let heldSince: ContinuousClock.Instant
    var extensionDue: ContinuousClock.Instant
    var stage = Stage.ahead
  }

  private let aheadCountMax: Int
  private let heldCountMax: Int
  private let extensionInterval: Duration
  private let holdDurationMax: Duration
  private var entries: [Ticket: Entry] = [:]
  /// Of those whose stage is ahead of the answer.
  private(set) var aheadCount = 0
  private var nextNumber = 0

  init(limits: WorkerLimits) {
    aheadCountMax = limits.batchSize * limits.concurrency + limits.prefetchCount
    heldCountMax = limits.heldCountMax
    // At half time, so that one extension may fail and the next still comes in time.
    extensionInterval = limits.visibilityTimeout / 2
    holdDurationMax = limits.holdDurationMax
  }

  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }

  /// How many more may be received.
  var room: Int { max(0, min(aheadCountMax - aheadCount, heldCountMax - entries.count)) }

  /// Whether to receive now. Not for every job that is done: a call for half of what may be held ahead costs as much as
  /// a call for one, and the other half keeps the processor busy meanwhile.
  var isRoomWorthACall: Bool { room > 0 && room >= (aheadCountMax + 1) / 2 }

  /// A job was received.
  mutating func hold(_ receiptHandle: String, at now: ContinuousClock.Instant) -> Ticket {
    let ticket = Ticket(number: nextNumber)
    nextNumber += 1
    entries[ticket] = Entry(receiptHandle: receiptHandle, heldSince: now, extensionDue: now + extensionInterval)
    aheadCount += 1
    return ticket
  }

  /// A job has come to its next stage.
  /// - Returns: false when it is not held any more: it was given back over our heads.
  mutating func advance(_ ticket: Ticket, to stage: Stage) -> Bool {
    guard let entry = entries[ticket] else { return false }
    if entry.stage.isAhead, !stage.isAhead { aheadCount -= 1 }
    entries[ticket]?.stage = stage
    return true
  }

  /// A job is not ours any more: deleted, given back, or left to its visibility timeout.
  /// - Returns: false when it was not held.
  @discardableResult
  mutating func settle(_ ticket: Ticket) -> Bool {
    guard let entry = entries.removeValue(forKey: ticket) else { return false }
    if entry.stage.isAhead { aheadCount -= 1 }
    return true
  }

  /// Settles all jobs of some stages, for them to be given back.
  mutating func settleAll(in stages: Set<Stage>) -> [Held] {
    let held = entries.filter { stages.contains($0.value.stage) }
    for ticket in held.keys { settle(ticket) }
    return held.map { Held(ticket: $0.key, receiptHandle: $0.value.receiptHandle) }.sorted(by: Self.isOlder)
  }

  /// The jobs whose visibility must be extended now, oldest first. They count as extended until told otherwise.
  mutating func extensionsDue(at now: ContinuousClock.Instant) -> [Held] {
    var due: [Held] = []
    for (ticket, entry) in entries
    where entry.extensionDue <= now && now - entry.heldSince < holdDurationMax && entry.stage != .leaving {
      entries[ticket]?.extensionDue = now + extensionInterval
      due.append(Held(ticket: ticket, receiptHandle: entry.receiptHandle))
    }
    return due.sorted(by: Self.isOlder)
  }

  /// SQS could not be told: it is due again at once.
  mutating func extensionFailed(_ held: [Held], at now: ContinuousClock.Instant) {
    for job in held { entries[job.ticket]?.extensionDue = now }
  }

  private static func isOlder(_ left: Held, _ right: Held) -> Bool { left.ticket.number < right.ticket.number }
}
