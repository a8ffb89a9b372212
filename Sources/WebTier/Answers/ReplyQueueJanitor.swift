import FoundationEssentials
import Jobs

/// Which reply queues dead processes have left behind.
///
/// Two looks must agree, because clocks need not: a queue whose mark is too old is suspect, and dead only when at a later
/// look the mark is still the same. A process whose clock is wrong changes its mark all the same.
///
/// A value without I/O or clock. Time between looks is time that this process has run: while a machine sleeps, so do its
/// other processes, and their marks stand still.
struct ReplyQueueJanitor {
  private struct Suspicion {
    let heartbeat: Int64?
    let since: SuspendingClock.Instant
  }

  private let names: QueueNames
  private let limits: ReplyQueueLimits
  private var suspicions: [String: Suspicion] = [:]

  init(names: QueueNames, limits: ReplyQueueLimits) {
    self.names = names
    self.limits = limits
  }

  /// At most ``ReplyQueueLimits/lookCountMax``.
  var suspectCount: Int { suspicions.count }

  /// Begins a round.
  /// - Parameters:
  ///   - listed: URLs of queues, all there are or some.
  ///   - own: This process's.
  /// - Returns: Those to look at: suspects first, then by chance. Never one that is not certainly a reply queue of this
  ///   installation, nor one too young to be dead, which its name tells.
  mutating func round(
    _ listed: [String], own: String, now: Date, using generator: inout some RandomNumberGenerator
  ) -> [String] {
    let candidates = listed.filter { url in
      guard url != own, let created = creation(of: url) else { return false }
      return now.timeIntervalSince(created) >= limits.deadDuration.seconds
    }
    let known = Set(candidates)
    suspicions = suspicions.filter { known.contains($0.key) }
    let suspects = candidates.filter { suspicions[$0] != nil }
    let others = candidates.filter { suspicions[$0] == nil }.shuffled(using: &generator)
    return Array((suspects + others).prefix(limits.lookCountMax))
  }

  /// A look at a queue's tags.
  /// - Returns: Whether the queue is to be deleted.
  mutating func isDead(
    _ url: String, tags: [String: String], now: Date, at instant: SuspendingClock.Instant
  ) -> Bool {
    guard let created = creation(of: url) else { return false }
    let heartbeat = ReplyQueueMark.heartbeat(in: tags)
    let last = heartbeat.map { Date(timeIntervalSince1970: Double($0)) } ?? created
    let bound = heartbeat == nil ? limits.untaggedDuration : limits.deadDuration
    guard now.timeIntervalSince(last) >= bound.seconds else {
      suspicions[url] = nil
      return false
    }
    guard let suspicion = suspicions[url], suspicion.heartbeat == heartbeat else {
      if suspicions[url] != nil || suspicions.count < limits.lookCountMax {
        suspicions[url] = Suspicion(heartbeat: heartbeat, since: instant)
      }
      return false
    }
    guard instant - suspicion.since >= limits.confirmDuration else { return false }
    suspicions[url] = nil
    return true
  }

  /// The time in the id at the end of a reply queue's name.
  private func creation(of url: String) -> Date? {
    guard let name = try? QueueURL(url).name, name.hasPrefix(names.repliesPrefix),
      let id = JobID(String(name.dropFirst(names.repliesPrefix.count)))
    else { return nil }
    return Date(timeIntervalSince1970: Double(id.millisecondsSince1970) / 1000)
  }
}

extension Duration {
  fileprivate var seconds: TimeInterval { self / .seconds(1) }
}
