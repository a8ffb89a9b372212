import AWS
import EventLoop
import Foundation
import Jobs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("Reply queues", .serialized)
  struct ReplyQueueTests {
    @Test(
      "queues of dead processes are removed; those that are marked, young, or not ours stay", arguments: Bench.servers)
    func cleaning(kind: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting.unanswered
      setting.limits.replyQueues.startDelayMax = .zero
      setting.limits.replyQueues.callInterval = .milliseconds(1)
      setting.limits.replyQueues.roundInterval = .milliseconds(50)
      setting.limits.replyQueues.confirmDuration = .seconds(1)
      try await Bench.with(kind, setting) { bench in
        let prefix = try QueueNames(prefix: bench.configuration.queuePrefix).repliesPrefix
        @LoopActor func create(age seconds: Int, heartbeat: Int?) async throws -> String {
          let tags = heartbeat.map { ReplyQueueMark.tags(at: Date() - Double($0)) } ?? ["owner": "us"]
          let name = prefix + nodeID(age: seconds, at: Date())
          return try await bench.clients.sqs.createQueue(name, tags: tags)
        }
        let (hour, day) = (3600, 24 * 3600)
        let marked = try await create(age: 2 * day, heartbeat: 60)
        let young = try await create(age: 60, heartbeat: nil)
        let unmarked = try await create(age: hour, heartbeat: nil)
        let foreign = try await bench.clients.sqs.createQueue(
          prefix + "by-hand", tags: ReplyQueueMark.tags(at: .distantPast))
        // Marked by a clock that is an hour behind, each time somebody may look.
        let skewed = try await create(age: 2 * hour, heartbeat: hour)
        let marking = EventLoop.shared.start {
          var age = hour
          while true {
            age -= 1
            try await bench.clients.sqs.tagQueue(skewed, ReplyQueueMark.tags(at: Date() - Double(age)))
            try await sleep(for: .milliseconds(20))
          }
        }
        let stale = [
          try await create(age: 2 * hour, heartbeat: hour), try await create(age: 2 * day, heartbeat: nil),
        ]
        var left = try await bench.replyQueues()
        while !left.isDisjoint(with: stale) {
          try await sleep(for: .milliseconds(20))
          left = try await bench.replyQueues()
        }
        let roundCount = bench.tier.cleaner.roundCount
        while bench.tier.cleaner.roundCount < roundCount + 5 { try await sleep(for: .milliseconds(10)) }
        marking.cancel()
        left = try await bench.replyQueues()
        #expect(left.isSuperset(of: [marked, young, unmarked, foreign, skewed]))
        #expect(left.count == 6, "those and the tier's own: \(left)")
      }
    }

    @Test("an answer that was given away with a lost response comes again before its client is told to ask later")
    func visibility() async throws {
      let server = try #require(Bench.servers.last)
      try await Bench.with(server, .unanswered) { bench in
        let queue = try #require(try await bench.replyQueues().first)
        let attributes = try await bench.clients.sqs.queueAttributes(of: queue, ["VisibilityTimeout"])
        let timeout = try #require(attributes["VisibilityTimeout"].flatMap { Int($0) })
        #expect(.seconds(timeout) == Installation.answerVisibilityTimeout)
        #expect(Installation.answerVisibilityTimeout * 2 < WebLimits().answerTimeout)
      }
    }

    @Test("a process marks its queue from the beginning, and again and again", arguments: Bench.servers)
    func heartbeat(kind: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting.unanswered
      setting.limits.replyQueues.heartbeatInterval = .milliseconds(20)
      try await Bench.with(kind, setting) { bench in
        let queue = try #require(try await bench.replyQueues().first)
        let tags = try await bench.clients.sqs.queueTags(queue)
        let first = try #require(ReplyQueueMark.heartbeat(in: tags))
        #expect(abs(Double(first) - Date().timeIntervalSince1970) < 60)
        // Marks are whole seconds: one of our own shows the next heartbeat at once.
        try await bench.clients.sqs.tagQueue(queue, [ReplyQueueMark.key: "1"])
        while ReplyQueueMark.heartbeat(in: try await bench.clients.sqs.queueTags(queue)) == 1 {
          try await sleep(for: .milliseconds(10))
        }
      }
    }

    @Test(
      "a process whose queue is deleted under it makes another one, and answers again",
      // moto lets a long poll on a deleted queue run out.
      arguments: Bench.servers.filter { $0 == .localCloud })
    func replaced(kind: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.limits.replyQueues.missingDuration = .milliseconds(100)
      try await Bench.with(kind, setting) { bench in
        let lost = try #require(try await bench.replyQueues().first)
        try await bench.clients.sqs.deleteQueue(lost)
        var queues = try await bench.replyQueues()
        while queues.isEmpty || queues == [lost] {
          try await sleep(for: .milliseconds(10))
          queues = try await bench.replyQueues()
        }
        #expect(queues.count == 1)
        let answer = try await bench.answer(to: Request.post(Form.file(photograph(1000))))
        #expect(answer.status == 200)
        #expect(try await bench.get("/readyz").status == 200)
        await bench.stop()
      }
    }
  }
}

extension Bench {
  /// The URLs of the installation's reply queues.
  func replyQueues() async throws -> Set<String> {
    let prefix = try QueueNames(prefix: configuration.queuePrefix).repliesPrefix
    return Set(try await clients.sqs.listQueues(prefix: prefix).queueURLs)
  }
}
