import Testing

@testable import AppTier

@Suite("What a worker holds")
struct HeldJobsTests {
  let start = ContinuousClock.now

  /// One core: 5 ahead, 8 in all, 60 s visibility.
  func makeJobs(_ change: (inout WorkerLimits) -> Void = { _ in }) -> HeldJobs {
    var limits = WorkerLimits(concurrency: 1)
    limits.heldCountMax = 8
    change(&limits)
    return HeldJobs(limits: limits)
  }

  @Test("a worker of one core takes five jobs ahead and no more")
  func aheadBound() {
    var jobs = makeJobs()
    for expected in stride(from: 5, to: 0, by: -1) {
      #expect(jobs.room == expected)
      _ = jobs.hold("r\(expected)", at: start)
    }
    #expect(jobs.room == 0)
    #expect(!jobs.isRoomWorthACall)
  }

  @Test("a job being recognised still counts as ahead, one being answered makes room")
  func stagesAndRoom() {
    var jobs = makeJobs()
    let tickets = (0..<5).map { jobs.hold("r\($0)", at: start) }
    let moves: [(job: Int, stage: HeldJobs.Stage, room: Int)] = [
      (0, .recognising, 0), (0, .answering, 1), (1, .leaving, 2),
    ]
    for move in moves {
      let isHeld = jobs.advance(tickets[move.job], to: move.stage)
      #expect(isHeld && jobs.room == move.room)
    }
    jobs.settle(tickets[0])
    jobs.settle(tickets[1])
    #expect((jobs.room, jobs.count) == (2, 3))
  }

  @Test("jobs that wait to be answered bound the room as well")
  func heldBound() {
    var jobs = makeJobs()
    for number in 0..<8 {
      let ticket = jobs.hold("r\(number)", at: start)
      let isHeld = jobs.advance(ticket, to: .answering)
      #expect(isHeld)
      #expect(jobs.room == min(5, 7 - number))
    }
  }

  @Test("receiving is worth a call when half of what may be ahead is missing")
  func hysteresis() {
    var jobs = makeJobs()
    #expect(jobs.isRoomWorthACall)
    let tickets = (0..<5).map { jobs.hold("r\($0)", at: start) }
    jobs.settle(tickets[0])
    jobs.settle(tickets[1])
    #expect(jobs.room == 2 && !jobs.isRoomWorthACall)
    jobs.settle(tickets[2])
    #expect(jobs.room == 3 && jobs.isRoomWorthACall)
  }

  @Test("a job is settled once, and nothing is done for it afterwards")
  func settledOnce() {
    var jobs = makeJobs()
    let ticket = jobs.hold("r", at: start)
    let outcomes = [jobs.settle(ticket), jobs.settle(ticket), jobs.advance(ticket, to: .answering)]
    #expect(outcomes == [true, false, false])
    #expect((jobs.room, jobs.isEmpty) == (5, true))
  }

  @Test("visibility is extended at half time, and at half time again, at every stage but the last")
  func extensions() {
    var jobs = makeJobs()
    let stages: [HeldJobs.Stage] = [.ahead, .recognising, .answering, .leaving]
    for stage in stages {
      let ticket = jobs.hold("\(stage)", at: start)
      _ = jobs.advance(ticket, to: stage)
    }
    func due(_ seconds: Int) -> [String] { jobs.extensionsDue(at: start + .seconds(seconds)).map(\.receiptHandle) }
    #expect(due(29) == [])
    #expect(due(31) == ["ahead", "recognising", "answering"])
    #expect(due(32) == [])
    #expect(due(60) == [])
    #expect(due(61) == ["ahead", "recognising", "answering"])
  }

  @Test("an extension that failed is due again at once")
  func failedExtension() {
    var jobs = makeJobs()
    _ = jobs.hold("r", at: start)
    let due = jobs.extensionsDue(at: start + .seconds(30))
    #expect(due.count == 1)
    jobs.extensionFailed(due, at: start + .seconds(31))
    let again = jobs.extensionsDue(at: start + .seconds(31))
    #expect(again == due)
    jobs.settle(due[0].ticket)
    jobs.extensionFailed(due, at: start + .seconds(32))
    let gone = jobs.extensionsDue(at: start + .seconds(99))
    #expect(gone == [])
  }

  @Test("a job held too long is extended no more")
  func holdDurationMax() {
    var jobs = makeJobs { $0.holdDurationMax = .seconds(100) }
    _ = jobs.hold("r", at: start)
    let early = jobs.extensionsDue(at: start + .seconds(99))
    let late = jobs.extensionsDue(at: start + .seconds(199))
    #expect((early.count, late.count) == (1, 0))
  }

  @Test("giving back takes the jobs of the stages that are asked for, oldest first")
  func settleAll() {
    var jobs = makeJobs()
    let tickets = (0..<5).map { jobs.hold("r\($0)", at: start) }
    _ = jobs.advance(tickets[1], to: .recognising)
    _ = jobs.advance(tickets[3], to: .answering)
    let waiting = jobs.settleAll(in: [.ahead]).map(\.receiptHandle)
    #expect(waiting == ["r0", "r2", "r4"])
    #expect((jobs.count, jobs.room) == (2, 4))
    let begun = jobs.settleAll(in: [.recognising, .answering]).map(\.receiptHandle)
    #expect(begun == ["r1", "r3"])
    #expect((jobs.isEmpty, jobs.room) == (true, 5))
  }
}
