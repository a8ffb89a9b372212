import EventLoop
import Foundation
import GRDB
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import LocalCloud

@Suite("SQS: the service on its database")
struct SQSServiceTests {
  private func test(_ body: @escaping @Sendable @LoopActor (SQSUnderTest) async throws -> Void) async throws {
    try await onLoop { try await SQSUnderTest.run(body) }
  }

  // MARK: Receivers that go away

  @Test("messages handed to a receiver whose client has just gone are visible at once and not counted")
  func deadReceiver() async throws {
    try await test { sqs in
      let queue = try await sqs.queue("q")
      let poll = EventLoop.shared.start {
        try await sqs.bodies("q", ["WaitTimeSeconds": 20, "VisibilityTimeout": 600])
      }
      while queue.waiterCount == 0 { await Task.yield() }
      let message = try await Self.stored("m", in: queue, sqs)
      // In one turn of the loop: the receiver is answered, then its client goes, before it has run again.
      queue.add([message])
      #expect(queue.rules.inFlightCount == 1)
      poll.cancel()
      _ = try await poll.value
      #expect(queue.rules.visibleCount == 1)
      #expect(queue.rules.messages[message.sequence]?.receiveCount == 0)
      #expect(try await sqs.bodies("q") == ["m"])
    }
  }

  @Test("a receiver whose client goes while it waits leaves the line")
  func cancelledReceiver() async throws {
    try await test { sqs in
      let queue = try await sqs.queue("q")
      let poll = EventLoop.shared.start { try await sqs.bodies("q", ["WaitTimeSeconds": 20]) }
      while queue.waiterCount == 0 { await Task.yield() }
      poll.cancel()
      // A few turns of the loop, long before the poll's own end.
      for _ in 0..<100 where queue.waiterCount > 0 { await Task.yield() }
      #expect(queue.waiterCount == 0)
      #expect(try await poll.value == [])
      try await sqs.send(["m"], to: "q")
      #expect(queue.rules.visibleCount == 1)
    }
  }

  @Test("a stop answers long polls with nothing")
  func stop() async throws {
    try await test { sqs in
      let queue = try await sqs.queue("q")
      let poll = EventLoop.shared.start { try await sqs.bodies("q", ["WaitTimeSeconds": 20]) }
      while queue.waiterCount == 0 { await Task.yield() }
      await sqs.service.shutdown()
      #expect(try await poll.value == [])
    }
  }

  // MARK: Durability

  @Test("sends that arrive together share a few commits, and all are on disk when they are answered")
  func groupCommit() async throws {
    try await test { sqs in
      _ = try await sqs.queue("q")
      let commits = CommitCounter()
      try await sqs.database.write { $0.add(transactionObserver: commits, extent: .databaseLifetime) }
      let before = commits.count
      let sends = (0..<64).map { number in
        EventLoop.shared.start { try await sqs.send((0..<10).map { "\(number)/\($0)" }, to: "q") }
      }
      for send in sends { try await send.value }
      #expect(try await sqs.storedCount() == 640)
      // The first goes alone, the others gather behind it.
      #expect((1...8).contains(commits.count - before))
    }
  }

  @Test("after a crash: sends and deletes hold, order and contents too, receives of the last second are forgotten")
  func crash() async throws {
    try await test { sqs in
      _ = try await sqs.queue("q", ["VisibilityTimeout": "600"])
      try await sqs.send(["a", "b", "c"], to: "q")
      let received = try await sqs.receive("q", ["MaxNumberOfMessages": 2])
      let handles = received.compactMap { $0["ReceiptHandle"] as? String }
      try await sqs.call("DeleteMessage", ["QueueUrl": sqs.url("q"), "ReceiptHandle": handles[0]])
      try await sqs.crash()
      #expect(try await sqs.storedCount() == 2)
      // A receiver that finishes its work after the crash still deletes by its handle.
      try await sqs.call("DeleteMessage", ["QueueUrl": sqs.url("q"), "ReceiptHandle": handles[1]])
      #expect(try await sqs.bodies("q") == ["c"])
      try await sqs.crash()
      try await sqs.send(["d"], to: "q")
      #expect(try await sqs.storedCount() == 2)
    }
  }

  @Test("what a clean stop wrote comes back as it was: in flight, delayed, counted")
  func restart() async throws {
    try await test { sqs in
      var queue = try await sqs.queue("q", ["VisibilityTimeout": "600"])
      try await sqs.send(["a"], to: "q")
      #expect(try await sqs.bodies("q") == ["a"])
      try await sqs.call("SendMessage", ["QueueUrl": sqs.url("q"), "MessageBody": "b", "DelaySeconds": 600])
      @LoopActor func times() -> [[EpochTime?]] {
        queue.rules.messages.values.sorted { $0.sequence < $1.sequence }.map { [$0.sentAt, $0.firstReceivedAt] }
      }
      let before = times()
      await sqs.service.shutdown()
      try await sqs.crash()
      queue = try await sqs.queue("q")
      #expect(times() == before)
      let counts: [Int] = [queue.rules.visibleCount, queue.rules.inFlightCount, queue.rules.delayedCount]
      #expect(counts == [0, 1, 1])
      #expect(queue.rules.messages.values.map(\.receiveCount).sorted() == [0, 1])
    }
  }

  @Test("when nothing can be written, a send fails and leaves nothing behind")
  func databaseFails() async throws {
    try await test { sqs in
      let queue = try await sqs.queue("q")
      try await sqs.breakDatabase()
      await #expect(throws: SQSUnderTest.Failure(shape: "InternalFailure")) { try await sqs.send(["m"], to: "q") }
      #expect(queue.rules.messages.isEmpty)
      #expect(sqs.service.store.count == 0)
    }
  }

  @Test("a message that cannot be moved to its dead-letter queue stays, and is not tried in a tight loop")
  func deadLetterFails() async throws {
    try await test { sqs in
      _ = try await sqs.queue("dead")
      let policy = #"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1}"#
      let queue = try await sqs.queue("q", ["RedrivePolicy": policy])
      try await sqs.send(["m"], to: "q")
      #expect(try await sqs.bodies("q", ["VisibilityTimeout": 0]) == ["m"])
      try await sqs.breakDatabase()
      #expect(try await sqs.bodies("q") == [])
      while queue.rules.messages.isEmpty { await Task.yield() }
      #expect(queue.rules.inFlightCount == 1)
      #expect(sqs.service.store.count == 1)
    }
  }

  @Test("messages that were kept long enough leave the disk too")
  func retention() async throws {
    try await test { sqs in
      let queue = try await sqs.queue("q")
      let now = sqs.service.clock.now()
      let old = QueuedMessage(sequence: sqs.service.store.nextSequence(), sentAt: now + .seconds(-345_601))
      try await sqs.service.store.insert([(old, MessageContents(id: .random(), body: "old"))], into: queue.id)
      #expect(try await sqs.storedCount() == 1)
      queue.add([old])
      #expect(queue.rules.messages.isEmpty)
      while try await sqs.storedCount() > 0 { try await sleep(for: .milliseconds(1)) }
      #expect(sqs.service.store.count == 0)
    }
  }

  @Test("messages sent to a queue while it is deleted are refused and gone")
  func deletedMeanwhile() async throws {
    try await test { sqs in
      _ = try await sqs.queue("q")
      let deletion = EventLoop.shared.start { _ = try await sqs.call("DeleteQueue", ["QueueUrl": sqs.url("q")]) }
      let send = EventLoop.shared.start { try await sqs.send(["m"], to: "q") }
      try await deletion.value
      await #expect(throws: SQSUnderTest.Failure(shape: "QueueDoesNotExist")) { try await send.value }
      _ = try await sqs.queue("q")
      try await sqs.crash()
      #expect(try await sqs.storedCount() == 0)
      #expect(try await sqs.bodies("q") == [])
    }
  }

  @Test("queues of one name created at the same time are one queue")
  func createdTogether() async throws {
    try await test { sqs in
      let creations = (0..<8).map { _ in
        EventLoop.shared.start { try await sqs.queue("q").id }
      }
      var ids = Set<Int64>()
      for creation in creations { ids.insert(try await creation.value) }
      #expect(ids.count == 1)
    }
  }

  // MARK: Bounds

  @Test("messages beyond what the service holds are refused, and sent again once there is room")
  func messageBound() async throws {
    try await test { sqs in
      _ = try await sqs.queue("q")
      sqs.service.store.messageCountMax = 2
      try await sqs.send(["a", "b"], to: "q")
      await #expect(throws: SQSUnderTest.Failure(shape: "RequestThrottled")) { try await sqs.send(["c"], to: "q") }
      try await sqs.call("PurgeQueue", ["QueueUrl": sqs.url("q")])
      try await sqs.send(["c"], to: "q")
      #expect(try await sqs.bodies("q") == ["c"])
    }
  }

  @Test("contents that do not fit into memory are read from disk when they are received")
  func cacheBound() async throws {
    try await test { sqs in
      _ = try await sqs.queue("q")
      sqs.service.store.cachedByteCountMax = 3
      try await sqs.send(["aa", "bb", "c"], to: "q")
      #expect(try await sqs.bodies("q") == ["aa", "bb", "c"])
    }
  }

  @Test("contents on their way to the disk are bounded")
  func uncommittedBound() async throws {
    try await test { sqs in
      _ = try await sqs.queue("q")
      sqs.service.store.uncommittedByteCountMax = 10
      let first = EventLoop.shared.start { try await sqs.send(["123456"], to: "q") }
      let second = EventLoop.shared.start { try await sqs.send(["123456"], to: "q") }
      try await first.value
      await #expect(throws: SQSUnderTest.Failure(shape: "RequestThrottled")) { try await second.value }
      try await sqs.send(["123456"], to: "q")
    }
  }

  @Test("what is not JSON, or not of the right type, is a SerializationException; unknown operations are named")
  func malformed() async throws {
    try await test { sqs in
      for body in ["nonsense", "[]", #"{"QueueName":5}"#, "{\"QueueName\":\"a", "\u{feff}"] {
        let response = await sqs.service.handle(
          operation: "CreateQueue", body: Array(body.utf8), context: SQSContext(baseURL: "http://test", requestID: "7"))
        #expect(response.status.rawValue == 400)
        #expect(String(decoding: response.body, as: UTF8.self).contains("SerializationException"), "\(body)")
        let requestID = response.headers["x-amzn-RequestId"]
        #expect(requestID == "7")
      }
      await #expect(throws: SQSUnderTest.Failure(shape: "UnknownOperationException")) {
        _ = try await sqs.call("Nonsense", [:])
      }
    }
  }

  /// A message on disk that its queue does not know yet.
  @LoopActor
  private static func stored(_ body: String, in queue: SQSQueue, _ sqs: SQSUnderTest) async throws -> QueuedMessage {
    let message = QueuedMessage(sequence: sqs.service.store.nextSequence(), sentAt: sqs.service.clock.now())
    try await sqs.service.store.insert([(message, MessageContents(id: .random(), body: body))], into: queue.id)
    return message
  }
}

/// Counts commits, on whatever thread they happen.
private final class CommitCounter: TransactionObserver, Sendable {
  private let commits = Mutex(0)

  var count: Int { commits.withLock { $0 } }

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
  func databaseDidChange(with event: DatabaseEvent) {}
  func databaseDidCommit(_ database: Database) { commits.withLock { $0 += 1 } }
  func databaseDidRollback(_ database: Database) {}
}
