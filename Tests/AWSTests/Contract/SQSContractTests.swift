import AWS
import EventLoop
import FoundationEssentials
import TestSupport
import Testing

@Suite("The contract with SQS")
struct SQSContractTests {
  typealias Kind = ServerUnderTest.Kind
  static let servers = ServerUnderTest.available.filter(\.speaksSQS)

  @Test("a message is sent, received and deleted", arguments: servers)
  func roundTrip(kind: Kind) async throws {
    try await Contract.withQueue(kind) { client, queue in
      let body = "{\"key\": \"ü/日本🖼 \\u0001\", \"text\": \"a\\\"b\\\\c\nline\ttab\"}"
      let id = try await client.sendMessage(SQSOutgoingMessage(body), to: queue)
      let messages = try await client.receiveMessages(from: queue, wait: .seconds(5))
      let message = try #require(messages.first)
      #expect(messages.count == 1)
      #expect(message.body == body)
      #expect(message.messageID == id)
      #expect(message.receiveCount == 1)
      #expect(message.sentAt.map { abs($0.timeIntervalSinceNow) < 3600 } ?? false)
      try await client.deleteMessage(message.receiptHandle, from: queue)
      let left = try await client.queueAttributes(of: queue)
      #expect(left["ApproximateNumberOfMessages"] == "0")
      #expect(left["ApproximateNumberOfMessagesNotVisible"] == "0")
    }
  }

  @Test("ten messages go and come in one call each", arguments: servers)
  func batch(kind: Kind) async throws {
    try await Contract.withQueue(kind) { client, queue in
      let bodies = (0..<10).map { "message \($0)" }
      let sent = try await client.sendMessages(bodies.map { SQSOutgoingMessage($0) }, to: queue)
      let ids = try sent.map { try $0.get() }
      #expect(Set(ids).count == 10)
      var received: [SQSMessage] = []
      while received.count < 10 {
        let more = try await client.receiveMessages(from: queue, wait: .seconds(5))
        try #require(!more.isEmpty)
        received += more
      }
      #expect(Set(received.map(\.body)) == Set(bodies))
      #expect(Set(received.map(\.messageID)) == Set(ids))
      let results = try await client.deleteMessages(received.map(\.receiptHandle), from: queue)
      #expect(results.count == 10)
      for result in results { try result.get() }
      #expect(try await client.receiveMessages(from: queue, wait: .zero).isEmpty)
    }
  }

  @Test("one bad entry of a batch fails alone", arguments: servers)
  func entryFailure(kind: Kind) async throws {
    try await Contract.withQueue(kind) { client, queue in
      try await client.sendMessage(SQSOutgoingMessage("x"), to: queue)
      let messages = try await client.receiveMessages(from: queue, wait: .seconds(5))
      let handle = try #require(messages.first?.receiptHandle)
      let results = try await client.deleteMessages(["not a receipt handle", handle], from: queue)
      #expect(throws: SQSEntryFailure.self) { try results[0].get() }
      #expect(throws: Never.self) { try results[1].get() }
    }
  }

  @Test("a batch has one to ten entries", arguments: servers)
  func batchBounds(kind: Kind) async throws {
    try await Contract.withQueue(kind) { client, queue in
      for count in [0, 11] {
        let messages = Array(repeating: SQSOutgoingMessage("x"), count: count)
        await #expect(throws: AWSError.self) { try await client.sendMessages(messages, to: queue) }
      }
    }
  }

  @Test("a message not deleted comes again, and counts", arguments: servers)
  func visibility(kind: Kind) async throws {
    try await Contract.withQueue(kind) { client, queue in
      try await client.sendMessage(SQSOutgoingMessage("again"), to: queue)
      let first = try #require(
        try await client.receiveMessages(from: queue, wait: .seconds(5), visibilityTimeout: .seconds(600)).first)
      #expect(try await client.receiveMessages(from: queue, wait: .zero).isEmpty)
      try await client.changeVisibility(of: first.receiptHandle, to: .zero, in: queue)
      let second = try #require(
        try await client.receiveMessages(from: queue, wait: .seconds(5), visibilityTimeout: .seconds(1)).first)
      #expect(second.messageID == first.messageID)
      #expect(second.receiveCount == 2)
      #expect(second.receiptHandle != first.receiptHandle)
      // This time by itself: the wait is longer than its second of invisibility.
      let third = try #require(
        try await client.receiveMessages(from: queue, wait: .seconds(10), visibilityTimeout: .seconds(600)).first)
      #expect(third.receiveCount == 3)
      let results = try await client.changeVisibility(of: [third.receiptHandle], to: .zero, in: queue)
      for result in results { try result.get() }
      let fourth = try await client.receiveMessages(from: queue, wait: .seconds(5))
      #expect(fourth.first?.receiveCount == 4)
    }
  }

  @Test("a long poll ends when a message comes, or when its task is cancelled", arguments: servers)
  func longPoll(kind: Kind) async throws {
    try await Contract.withQueue(kind) { client, queue in
      let receiver = EventLoop.shared.start { try await client.receiveMessages(from: queue) }
      try await client.sendMessage(SQSOutgoingMessage("wake up"), to: queue)
      let messages = try await receiver.value
      #expect(messages.map(\.body) == ["wake up"])
      let cancelled = EventLoop.shared.start { try await client.receiveMessages(from: queue) }
      // A whole call later the poll is under way.
      _ = try await client.queueAttributes(of: queue)
      cancelled.cancel()
      await #expect {
        try await cancelled.value
      } throws: {
        ($0 as? AWSError)?.isCancellation ?? false
      }
    }
  }

  @Test("a delayed message is not there before its time", arguments: servers)
  func delay(kind: Kind) async throws {
    try await Contract.withQueue(kind) { client, queue in
      try await client.sendMessage(SQSOutgoingMessage("later", delay: .seconds(2)), to: queue)
      #expect(try await client.receiveMessages(from: queue, wait: .zero).isEmpty)
      #expect(try await client.receiveMessages(from: queue, wait: .seconds(10)).map(\.body) == ["later"])
    }
  }

  @Test("queues are created, found, described, tagged, listed and deleted", arguments: servers)
  func queues(kind: Kind) async throws {
    try await Contract.run(kind) { contract in
      let client = try contract.sqs()
      let name = contract.uniqueName
      let queue = try await client.createQueue(name, attributes: ["VisibilityTimeout": "60"], tags: ["stage": "test"])
      #expect(try await client.createQueue(name, attributes: ["VisibilityTimeout": "60"]) == queue)
      await Contract.expectRefusal(["QueueNameExists"]) {
        _ = try await client.createQueue(name, attributes: ["VisibilityTimeout": "61"])
      }
      #expect(try await client.queueURL(of: name) == queue)
      let attributes = try await client.queueAttributes(of: queue, ["VisibilityTimeout", "QueueArn"])
      #expect(attributes["VisibilityTimeout"] == "60")
      #expect(attributes["QueueArn"]?.hasSuffix(":" + name) ?? false)
      try await client.setQueueAttributes(["VisibilityTimeout": "90"], of: queue)
      #expect(try await client.queueAttributes(of: queue, ["VisibilityTimeout"]) == ["VisibilityTimeout": "90"])
      try await client.tagQueue(queue, ["owner": "contract"])
      #expect(try await client.queueTags(queue) == ["stage": "test", "owner": "contract"])
      let second = try await client.createQueue(name + "-2")
      #expect(Set(try await client.listQueues(prefix: name).queueURLs) == [queue, second])
      try await client.deleteQueue(queue)
      try await client.deleteQueue(second)
      await Contract.expectRefusal(["QueueDoesNotExist"]) { _ = try await client.queueURL(of: name) }
      await #expect {
        try await client.sendMessage(SQSOutgoingMessage("x"), to: queue)
      } throws: {
        ($0 as? AWSError)?.serviceError?.isQueueMissing ?? false
      }
    }
  }

  @Test("purging leaves nothing", arguments: servers)
  func purge(kind: Kind) async throws {
    try await Contract.withQueue(kind) { client, queue in
      _ = try await client.sendMessages([SQSOutgoingMessage("1"), SQSOutgoingMessage("2")], to: queue)
      try await client.purgeQueue(queue)
      #expect(try await client.receiveMessages(from: queue, wait: .zero).isEmpty)
    }
  }

  @Test("a message received too often goes to the dead-letter queue", arguments: servers)
  func redrive(kind: Kind) async throws {
    try await Contract.run(kind) { contract in
      let client = try contract.sqs()
      let name = contract.uniqueName
      let dead = try await client.createQueue(name + "-dead")
      let arn = try #require(try await client.queueAttributes(of: dead, ["QueueArn"])["QueueArn"])
      let queue = try await client.createQueue(
        name, attributes: ["RedrivePolicy": "{\"deadLetterTargetArn\":\"\(arn)\",\"maxReceiveCount\":\"2\"}"])
      let id = try await client.sendMessage(SQSOutgoingMessage("poison"), to: queue)
      for _ in 0..<2 {
        let message = try #require(try await client.receiveMessages(from: queue, wait: .seconds(5)).first)
        try await client.changeVisibility(of: message.receiptHandle, to: .zero, in: queue)
      }
      #expect(try await client.receiveMessages(from: queue, wait: .zero).isEmpty)
      let buried = try await client.receiveMessages(from: dead, wait: .seconds(5))
      #expect(buried.map(\.messageID) == [id])
      #expect(buried.map(\.body) == ["poison"])
      try await client.deleteQueue(queue)
      try await client.deleteQueue(dead)
    }
  }

  /// Moto's does not know the operations.
  @Test(
    "dead letters are moved back to where they came from, and the task tells how far",
    arguments: servers.filter { $0 == .localCloud })
  func moveTask(kind: Kind) async throws {
    try await Contract.withQueue(kind) { client, dead in
      let arn = try #require(try await client.queueAttributes(of: dead, ["QueueArn"])["QueueArn"])
      await Contract.expectRefusal(["InvalidParameterValue", "InvalidParameterValueException"], "no dead-letter queue")
      {
        try await client.startMoveTask(from: arn)
      }
      let policy = #"{"deadLetterTargetArn":"\#(arn)","maxReceiveCount":"1"}"#
      let name = "source-" + String(UInt64.random(in: .min ... .max), radix: 36)
      let source = try await client.createQueue(name, attributes: ["RedrivePolicy": policy, "VisibilityTimeout": "0"])
      for number in 0..<3 { try await client.sendMessage(SQSOutgoingMessage("dead \(number)"), to: source) }
      // Each is received once, and has then been received too often.
      while try await client.queueAttributes(of: dead)["ApproximateNumberOfMessages"] != "3" {
        _ = try await client.receiveMessages(from: source, wait: .zero)
      }
      #expect(try await client.moveTasks(from: arn).isEmpty)
      try await client.startMoveTask(from: arn)
      var task = try #require(try await client.moveTasks(from: arn).first)
      while task.status == .running { task = try #require(try await client.moveTasks(from: arn).first) }
      #expect(task.status == .completed && task.movedCount == 3 && task.toMoveCount == 3 && task.failureReason == nil)
      #expect(task.startedAt.map { abs($0.timeIntervalSinceNow) < 3600 } ?? false)
      #expect(try await client.queueAttributes(of: dead)["ApproximateNumberOfMessages"] == "0")
      #expect(try await client.queueAttributes(of: source)["ApproximateNumberOfMessages"] == "3")
      try await client.deleteQueue(source)
    }
  }
}
