import AWS
import EventLoop
import Foundation
import TestSupport
import Testing

@testable import LocalCloud

/// The sink as our own clients see it.
struct SinkServerTests {
  private static let credentials = Credentials(accessKeyID: "anybody", secretAccessKey: "anything")

  private func withSink(
    _ change: (inout SinkConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable @LoopActor (SinkServer, S3Client, SQSClient) async throws -> Void
  ) async throws {
    var configuration = SinkConfiguration()
    configuration.port = 0
    change(&configuration)
    try await onLoop { [configuration] in
      let server = try SinkServer(configuration)
      let transport = Transport()
      let credentials = FixedCredentials(Self.credentials)
      let endpoint = try ServiceEndpoint(server.url)
      // Each failure is to be seen, not mended.
      var once = RetryPolicy()
      once.attemptCountMax = 1
      let options = ServiceOptions(retryPolicy: once)
      let s3 = try S3Client(
        region: "us-east-1", endpoint: endpoint, usesPathStyle: true, credentials: credentials, transport: transport,
        options: options)
      let sqs = try SQSClient(
        region: "us-east-1", endpoint: endpoint, credentials: credentials, transport: transport, options: options)
      let result: Result<Void, any Error>
      do { result = .success(try await body(server, s3, sqs)) } catch { result = .failure(error) }
      transport.shutdown()
      await server.shutdown()
      try result.get()
    }
  }

  private static func job(_ id: Int, replyTo: String) -> SQSOutgoingMessage {
    SQSOutgoingMessage(#"{"v":1,"id":"\#(id)","key":"\#(id)/a.jpg","name":"a.jpg","replyTo":"\#(replyTo)"}"#)
  }

  private static func answers(_ messages: [SQSMessage]) throws -> [[String: Any]] {
    try messages.map { try JSONSerialization.jsonObject(with: Data($0.body.utf8)) as? [String: Any] ?? [:] }
  }

  @Test("objects are taken in every form that uploads have, and none is kept")
  func objects() async throws {
    try await withSink { _, s3, _ in
      try await s3.headBucket("never-created")
      let bytes = [UInt8](repeating: 7, count: 300_000)
      #expect(try await !s3.putObject(bucket: "images", key: "k", body: .bytes(bytes)).isEmpty)
      let source = BytesSource(bytes)
      try await s3.putObject(
        bucket: "images", key: "k", body: .source(source, byteCount: bytes.count, crc32c: nil))
      let upload = try await s3.createMultipartUpload(bucket: "images", key: "k")
      try await upload.uploadPart(1, .bytes(bytes))
      _ = try await upload.complete()
      await #expect { _ = try await s3.getObject(bucket: "images", key: "k", upTo: 1 << 20) } throws: {
        ($0 as? AWSError)?.serviceError?.status == 404
      }
    }
  }

  @Test("a job is answered in its reply queue, with its own id and the label asked for")
  func answer() async throws {
    try await withSink {
      $0.label = "goldfish"
    } _: { _, _, sqs in
      let replies = try await sqs.createQueue("saccade-replies-1")
      let requests = try await sqs.queueURL(of: "saccade-requests")
      let poll = EventLoop.shared.start { try await sqs.receiveMessages(from: replies, wait: .seconds(20)) }
      for result in try await sqs.sendMessages(
        [Self.job(1, replyTo: replies), Self.job(2, replyTo: replies)], to: requests)
      { _ = try result.get() }
      let messages = try await poll.value
      let answers = try Self.answers(messages)
      #expect(answers.map { $0["id"] as? String } == ["1", "2"])
      #expect(answers.allSatisfy { $0["label"] as? String == "goldfish" && $0["key"] as? String != nil })
      for result in try await sqs.deleteMessages(messages.map(\.receiptHandle), from: replies) { try result.get() }
      #expect(try await sqs.receiveMessages(from: replies, wait: .zero).isEmpty)
    }
  }

  @Test("what is no job waits in its queue for whoever receives it")
  func message() async throws {
    try await withSink { _, _, sqs in
      let url = try await sqs.createQueue("others")
      try await sqs.sendMessage(SQSOutgoingMessage("hello"), to: url)
      #expect(try await sqs.queueAttributes(of: url)["ApproximateNumberOfMessages"] == "1")
      #expect(try await sqs.receiveMessages(from: url).map(\.body) == ["hello"])
    }
  }

  @Test("answers that are held back come together, when there are as many as asked for or on demand")
  func held() async throws {
    try await withSink {
      $0.heldAnswerCount = 3
    } _: { server, _, sqs in
      let replies = try await sqs.createQueue("saccade-replies-1")
      for id in 1...2 { try await sqs.sendMessage(Self.job(id, replyTo: replies), to: replies) }
      #expect(try await sqs.receiveMessages(from: replies, wait: .zero).isEmpty)
      try await sqs.sendMessage(Self.job(3, replyTo: replies), to: replies)
      #expect(try await sqs.receiveMessages(from: replies, wait: .zero).count == 3)
      try await sqs.sendMessage(Self.job(4, replyTo: replies), to: replies)
      #expect(try await sqs.receiveMessages(from: replies, wait: .zero).isEmpty)
      server.releaseAnswers()
      #expect(try await sqs.receiveMessages(from: replies, wait: .zero).count == 1)
    }
  }

  @Test("a delayed answer comes no earlier than its time, and says when it came")
  func delayed() async throws {
    try await withSink {
      $0.answerDelay = .milliseconds(200)
    } _: { _, _, sqs in
      let replies = try await sqs.createQueue("saccade-replies-1")
      let start = ContinuousClock.now
      try await sqs.sendMessage(Self.job(1, replyTo: replies), to: replies)
      let answers = try Self.answers(try await sqs.receiveMessages(from: replies, wait: .seconds(20)))
      #expect(start.duration(to: .now) >= .milliseconds(200))
      #expect(answers.first?["answeredAtNanoseconds"] as? Int ?? 0 > 0)
    }
  }

  @Test("an upload that is to fail gets 503 SlowDown, one that is to be reset no answer at all")
  func faults() async throws {
    try await withSink {
      $0.failureShare = 1
    } _: { _, s3, _ in
      try await s3.createBucket("images")
      await #expect { try await s3.putObject(bucket: "images", key: "k", body: .bytes([1])) } throws: {
        ($0 as? AWSError)?.serviceError?.code == "SlowDown"
      }
    }
    try await withSink {
      $0.resetShare = 1
    } _: { _, s3, _ in
      try await s3.createBucket("images")
      await #expect { try await s3.putObject(bucket: "images", key: "k", body: .bytes([1])) } throws: {
        $0 is AWSError && ($0 as? AWSError)?.serviceError == nil
      }
    }
  }

  @Test("the same seed fails the same uploads, as many as asked for")
  func seed() async throws {
    try await onLoop {
      @LoopActor func faults(_ seed: UInt64) -> [SinkFaults.Fault?] {
        let faults = SinkFaults(failureShare: 0.1, resetShare: 0.05, seed: seed)
        var drawn: [SinkFaults.Fault?] = []
        for _ in 0..<10_000 { drawn.append(faults.next()) }
        return drawn
      }
      let first = faults(1)
      #expect(first == faults(1))
      #expect(first != faults(2))
      #expect((900...1100).contains(first.count { $0 == .failure }))
      #expect((400...600).contains(first.count { $0 == .reset }))
    }
  }

  @Test("a queue that is full refuses what is more")
  func full() async throws {
    try await withSink {
      $0.limits.messageCountMax = 2
      $0.limits.queueCountMax = 1
    } _: { _, _, sqs in
      let url = try await sqs.createQueue("others")
      for _ in 0..<2 { try await sqs.sendMessage(SQSOutgoingMessage("x"), to: url) }
      await #expect(throws: AWSError.self) { try await sqs.sendMessage(SQSOutgoingMessage("x"), to: url) }
      await #expect(throws: AWSError.self) { _ = try await sqs.createQueue("one-more") }
    }
  }
}

/// Bytes that come with their checksum in the trailer.
@LoopActor
private final class BytesSource: UploadSource {
  var onReadable: (@LoopActor () -> Void)?
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func lend(to take: (GatheredBytes) -> Int) -> UploadRead {
    if position == bytes.count { return .end }
    position += bytes.withUnsafeBytes { bytes in
      var rest = GatheredBytes()
      rest.append(UnsafeRawBufferPointer(rebasing: bytes[position...]))
      return take(rest)
    }
    return .lent
  }

  func rewind() -> Bool {
    position = 0
    return true
  }
}
