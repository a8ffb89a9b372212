import EventLoop
import Jobs
import Testing

@testable import WebTier

@Suite("The table of pending answers")
struct PendingAnswersTests {
  typealias Pending = PendingAnswers<String>

  let start = ContinuousClock.now
  let ids: [JobID] = {
    var generator = JobIDGenerator()
    var random = SplitMix64(seed: 1)
    return (0..<5000).map { _ in generator.next(millisecondsSince1970: 1_700_000_000_000, using: &random) }
  }()

  func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

  /// A resolution in a form that compares.
  func name(_ resolution: Pending.Resolution) -> String {
    switch resolution {
    case .resolved(let waiter): "resolved \(waiter)"
    case .late: "late"
    case .duplicate: "duplicate"
    case .unknown: "unknown"
    }
  }

  @Test("an answer in time finds its waiter, once")
  func inTime() throws {
    var pending = Pending()
    try pending.insert(ids[0], deadline: at(10), waiter: "a")
    try pending.insert(ids[1], deadline: at(5), waiter: "b")
    #expect(pending.count == 2)
    #expect(name(pending.resolve(ids[0])) == "resolved a")
    #expect(name(pending.resolve(ids[0])) == "duplicate")
    #expect(name(pending.resolve(ids[1])) == "resolved b")
    #expect(pending.isEmpty)
    #expect(pending.nextDeadline == nil)
  }

  @Test("an answer to a job that nobody knows is told apart")
  func unknown() {
    var pending = Pending()
    #expect(name(pending.resolve(ids[0])) == "unknown")
    #expect(name(pending.resolve(ids[0])) == "unknown")
  }

  @Test("deadlines pass in their order, at their time and not before")
  func deadlines() throws {
    var pending = Pending()
    for (index, seconds) in [30, 10, 20, 10].enumerated() {
      try pending.insert(ids[index], deadline: at(seconds), waiter: "\(index)")
    }
    #expect(pending.nextDeadline == at(10))
    #expect(pending.expire(at: at(9)).isEmpty)
    #expect(pending.expire(at: at(10)).map(\.waiter) == ["1", "3"])
    #expect(pending.nextDeadline == at(20))
    #expect(pending.expire(at: at(100)).map(\.id) == [ids[2], ids[0]])
    #expect(pending.nextDeadline == nil)
    #expect(pending.expire(at: at(1000)).isEmpty)
  }

  @Test("an answer after the deadline is late, and the one after it a duplicate")
  func late() throws {
    var pending = Pending()
    try pending.insert(ids[0], deadline: at(1), waiter: "a")
    _ = pending.expire(at: at(1))
    #expect(name(pending.resolve(ids[0])) == "late")
    #expect(name(pending.resolve(ids[0])) == "duplicate")
  }

  @Test("an answer to a client that has left is late; its deadline means nothing any more")
  func dropped() throws {
    var pending = Pending()
    try pending.insert(ids[0], deadline: at(1), waiter: "a")
    #expect(pending.drop(ids[0]) == "a")
    #expect(pending.drop(ids[0]) == nil)
    #expect(pending.nextDeadline == nil)
    #expect(pending.expire(at: at(2)).isEmpty)
    #expect(name(pending.resolve(ids[0])) == "late")
    #expect(pending.drop(ids[1]) == nil)
  }

  @Test("when all leave, those who wait are given back, and only those")
  func allDropped() throws {
    var pending = Pending()
    for index in 0..<4 { try pending.insert(ids[index], deadline: at(index), waiter: "\(index)") }
    _ = pending.resolve(ids[1])
    _ = pending.expire(at: at(0))
    #expect(Set(pending.dropAll()) == ["2", "3"])
    #expect(pending.isEmpty)
    #expect(pending.nextDeadline == nil)
    #expect(name(pending.resolve(ids[2])) == "late")
  }

  @Test("an answer is expected until it comes, whether its client still waits or not")
  func unanswered() throws {
    var pending = Pending()
    #expect(!pending.isUnanswered(ids[0]))
    for index in 0..<3 { try pending.insert(ids[index], deadline: at(1), waiter: "") }
    pending.drop(ids[1])
    _ = pending.expire(at: at(1))
    for index in 0..<3 {
      #expect(pending.isUnanswered(ids[index]))
      _ = pending.resolve(ids[index])
      #expect(!pending.isUnanswered(ids[index]))
    }
  }

  @Test("an id is taken while it waits and after it")
  func taken() throws {
    var pending = Pending()
    try pending.insert(ids[0], deadline: at(1), waiter: "a")
    #expect(throws: Pending.InsertionError.taken) { try pending.insert(ids[0], deadline: at(2), waiter: "b") }
    _ = pending.resolve(ids[0])
    #expect(throws: Pending.InsertionError.taken) { try pending.insert(ids[0], deadline: at(2), waiter: "b") }
    #expect(pending.isEmpty)
  }

  @Test("no more wait than may, and one that leaves makes room")
  func full() throws {
    var limits = Pending.Limits()
    limits.pendingCountMax = 3
    var pending = Pending(limits: limits)
    for index in 0..<3 { try pending.insert(ids[index], deadline: at(1), waiter: "") }
    #expect(throws: Pending.InsertionError.full) { try pending.insert(ids[3], deadline: at(1), waiter: "") }
    pending.drop(ids[1])
    #expect(throws: Never.self) { try pending.insert(ids[3], deadline: at(1), waiter: "") }
  }

  @Test("no more settled jobs are remembered than may be; the oldest are forgotten first")
  func forgetting() throws {
    var limits = Pending.Limits()
    limits.settledCountMax = 2
    var pending = Pending(limits: limits)
    for index in 0..<3 {
      try pending.insert(ids[index], deadline: at(1), waiter: "\(index)")
      _ = pending.resolve(ids[index])
    }
    #expect(ids.prefix(3).map { name(pending.resolve($0)) } == ["unknown", "duplicate", "duplicate"])
  }

  @Test("a deadline of an id's former life is not its new one's")
  func formerLife() throws {
    var limits = Pending.Limits()
    limits.settledCountMax = 0
    var pending = Pending(limits: limits)
    try pending.insert(ids[0], deadline: at(1), waiter: "first")
    try pending.insert(ids[1], deadline: at(2), waiter: "before")
    pending.drop(ids[1])
    try pending.insert(ids[1], deadline: at(10), waiter: "after")
    #expect(pending.expire(at: at(5)).map(\.waiter) == ["first"])
    #expect(pending.nextDeadline == at(10))
  }

  @Test("deadlines of jobs long answered do not pile up")
  func staleAlarms() throws {
    var pending = Pending()
    // One whose deadline comes first keeps all others from the heap's top.
    try pending.insert(ids[0], deadline: at(1), waiter: "first")
    for index in 1..<5000 {
      try pending.insert(ids[index], deadline: at(1000 + index), waiter: "")
      _ = pending.resolve(ids[index])
      #expect(pending.alarmCount <= 2 * pending.count + 64)
    }
    #expect(pending.nextDeadline == at(1))
  }

  @Test("whatever happens, it does what a table without any cleverness does")
  func random() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("pending answers seed: \(seed)")
    var random = SplitMix64(seed: seed)
    var pending = Pending()
    var model: [JobID: Int] = [:]
    var answered: Set<JobID> = []
    var unanswered: Set<JobID> = []
    var now = 0
    for _ in 0..<20_000 {
      let index = Int.random(in: 0..<2000, using: &random)
      let id = ids[index]
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let deadline = now + Int.random(in: 0...50, using: &random)
        let isTaken = model[id] != nil || answered.contains(id) || unanswered.contains(id)
        do throws(Pending.InsertionError) {
          try pending.insert(id, deadline: at(deadline), waiter: "\(index)")
          #expect(!isTaken)
          model[id] = deadline
        } catch {
          #expect(error == .taken && isTaken)
        }
      case 5..<8:
        let expected =
          model[id] != nil
          ? "resolved \(index)" : answered.contains(id) ? "duplicate" : unanswered.contains(id) ? "late" : "unknown"
        #expect(name(pending.resolve(id)) == expected)
        if expected != "unknown" { answered.insert(id) }
        model[id] = nil
      case 8:
        #expect((pending.drop(id) != nil) == (model[id] != nil))
        if model.removeValue(forKey: id) != nil { unanswered.insert(id) }
      default:
        now += Int.random(in: 0...3, using: &random)
        let expired = pending.expire(at: at(now))
        #expect(Set(expired.map(\.id)) == Set(model.filter { $0.value <= now }.keys))
        for (id, _) in expired {
          model[id] = nil
          unanswered.insert(id)
        }
      }
      #expect(pending.count == model.count)
      #expect(pending.nextDeadline == model.values.min().map { at($0) })
    }
  }
}
