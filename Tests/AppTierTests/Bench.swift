import AWS
import AppTier
import EventLoop
import Foundation
import Jobs
import Logging
import Recognition
import TestSupport
import Testing

/// An installation of its own on a real server of S3 and SQS, with what a web process would do: store images, send jobs,
/// receive answers.
@LoopActor final class Bench {
  let kind: ServerUnderTest.Kind
  let clients: AWSClients
  let names: WorkerConfiguration
  let requestQueueURL: String
  let deadQueueURL: String
  let replyQueueURL: String
  private var ids = JobIDGenerator()
  private var random = SystemRandomNumberGenerator()

  /// Those that can run here.
  nonisolated static let servers = ServerUnderTest.available.filter(\.speaksSQS)

  private init(
    _ kind: ServerUnderTest.Kind, _ clients: AWSClients, _ names: WorkerConfiguration, requests: String, dead: String,
    replies: String
  ) {
    self.kind = kind
    self.clients = clients
    self.names = names
    requestQueueURL = requests
    deadQueueURL = dead
    replyQueueURL = replies
  }

  /// Runs a test's body in an installation made for it.
  nonisolated static func with(
    _ kind: ServerUnderTest.Kind, _ body: @escaping @Sendable @LoopActor (Bench) async throws -> Void
  ) async throws {
    try await onLoop {
      let server = try await ServerUnderTest.running(kind)
      let clients = try makeClients(server)
      defer { clients.shutdown() }
      let unique = String(UUID().uuidString.lowercased().prefix(8))
      let names = WorkerConfiguration(
        inputBucket: "input-\(unique)", outputBucket: "output-\(unique)",
        queues: try QueueNames(prefix: "worker-\(unique)"), workerName: "bench")
      let requests = try await Installation.create(
        inputBucket: names.inputBucket, outputBucket: names.outputBucket, queues: names.queues, s3: clients.s3,
        sqs: clients.sqs)
      let dead = try await clients.sqs.queueURL(of: names.queues.dead)
      let replies = try await Installation.createReplyQueue(
        named: try names.queues.replies(nodeID: "bench"), sqs: clients.sqs)
      try await body(Bench(kind, clients, names, requests: requests, dead: dead, replies: replies))
    }
  }

  static func makeClients(_ server: ServerUnderTest) throws -> AWSClients {
    try AWSClients(
      AWSConfiguration(region: server.region, endpoint: server.endpoint.url),
      credentials: FixedCredentials(server.credentials), transport: Transport())
  }

  // MARK: The worker

  static var logger: Logger {
    var logger = Logger(label: "worker-tests") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .critical
    return logger
  }

  func makeWorker(
    _ recognition: ImageRecognition? = nil, models: ServedModels? = nil, concurrency: Int = 1,
    _ change: (inout WorkerLimits) -> Void = { _ in }
  ) throws -> Worker {
    var limits = WorkerLimits(concurrency: concurrency)
    change(&limits)
    return try Worker(
      configuration: names, limits: limits, requestQueueURL: requestQueueURL, s3: clients.s3, sqs: clients.sqs,
      models: try models ?? Self.serving(recognition ?? ImageRecognition(Fixtures.recognizer())),
      logger: Self.logger)
  }

  static func serving(_ models: ImageRecognition...) throws -> ServedModels { ServedModels(try ModelCatalog(models)) }

  /// A worker by the way of its start.
  func open(within timeout: Duration) async throws(WorkerStartError) -> Worker {
    var limits = WorkerLimits(concurrency: 1)
    limits.startTimeout = timeout
    limits.startRetryDelay = .milliseconds(10)
    guard let models = try? Self.serving(ImageRecognition(Fixtures.recognizer())) else {
      throw .notReady(.timedOut(.zero, obstacle: "no model"))
    }
    return try await Worker.open(
      names, limits: limits, s3: clients.s3, sqs: clients.sqs, models: models, logger: Self.logger)
  }

  // MARK: The web tier's part

  /// - Parameters:
  ///   - image: nil to store none.
  ///   - bucket: nil for the right one.
  ///   - replyTo: nil for the bench's own queue.
  func makeJob(
    _ image: [UInt8]?, name: String = "image.jpg", bucket: String? = nil, replyTo: String? = nil,
    model: ModelName? = nil
  ) async throws -> ClassificationJob {
    let id = ids.next(millisecondsSince1970: Int64(Date().timeIntervalSince1970 * 1000), using: &random)
    let key = ObjectKey(id: id, fileName: name)
    if let image {
      try await clients.s3.putObject(bucket: names.inputBucket, key: key.description, body: .bytes(image))
    }
    return ClassificationJob(
      key: key, bucket: bucket ?? names.inputBucket, name: name, replyTo: replyTo ?? replyQueueURL, receivedAt: Date(),
      model: model)
  }

  func send(_ jobs: ClassificationJob...) async throws {
    try await send(jobs.map { try String(decoding: $0.encoded(), as: UTF8.self) })
  }

  func send(_ bodies: [String]) async throws {
    for result in try await clients.sqs.sendMessages(bodies.map { SQSOutgoingMessage($0) }, to: requestQueueURL) {
      _ = try result.get()
    }
  }

  /// The next answers that come, deleted from their queue.
  func answers(_ count: Int) async throws -> [ClassificationAnswer] {
    try await messages(count, from: replyQueueURL).map { try ClassificationAnswer(decoding: $0.body.utf8) }
  }

  func answer() async throws -> ClassificationAnswer { try await answers(1)[0] }

  /// The next messages of a queue, deleted from it unless they are to stay. Fails when a long poll ends without any.
  func messages(_ count: Int, from queueURL: String, deleting: Bool = true) async throws -> [SQSMessage] {
    var all: [SQSMessage] = []
    while all.count < count {
      let messages = try await clients.sqs.receiveMessages(
        from: queueURL, countMax: min(10, count - all.count), wait: .seconds(20))
      try #require(!messages.isEmpty, "only \(all.count) of \(count) messages came")
      all += messages
      for message in messages where deleting {
        try await clients.sqs.deleteMessage(message.receiptHandle, from: queueURL)
      }
    }
    return all
  }

  /// Receives the one message in the request queue and lets it come again, as workers do that die.
  func receiveInVain(_ count: Int) async throws {
    for _ in 0..<count {
      let message = try await messages(1, from: requestQueueURL, deleting: false)[0]
      try await clients.sqs.changeVisibility(of: message.receiptHandle, to: .zero, in: requestQueueURL)
    }
  }

  func store(_ result: [UInt8], asResultOf job: ClassificationJob) async throws {
    try await clients.s3.putObject(bucket: names.outputBucket, key: job.key.resultKey, body: .bytes(result))
  }

  /// What the output bucket has of a job.
  func result(of job: ClassificationJob) async throws -> (answer: ClassificationAnswer, contentType: String?) {
    let object = try await clients.s3.getObject(
      bucket: names.outputBucket, key: job.key.resultKey, upTo: JobMessageCoder.byteCountMax)
    return (try ClassificationAnswer(decoding: object.bytes), object.info.contentType)
  }

  /// Fewer receives than an installation's own before a job is a dead letter, for tests that wait for it.
  func setReceiveCountMax(_ countMax: Int) async throws {
    let arn = try await clients.sqs.queueAttributes(of: deadQueueURL)["QueueArn"] ?? ""
    let policy = #"{"deadLetterTargetArn":"\#(arn)","maxReceiveCount":"\#(countMax)"}"#
    try await clients.sqs.setQueueAttributes(["RedrivePolicy": policy], of: requestQueueURL)
  }

  struct Depth: Equatable {
    var visible: Int
    var hidden: Int
  }

  func depth(of queueURL: String) async throws -> Depth {
    let attributes = try await clients.sqs.queueAttributes(of: queueURL)
    func number(_ name: String) throws -> Int { try #require(attributes[name].flatMap { Int($0) }) }
    return Depth(
      visible: try number("ApproximateNumberOfMessages"), hidden: try number("ApproximateNumberOfMessagesNotVisible"))
  }

  /// Stores an image, sends its job, and waits until the worker's whole answer is there and the job gone.
  func process(_ job: ClassificationJob, with worker: Worker, _ gate: Gate) async throws {
    try await send(job)
    worker.start()
    await gate.nextArrival()
    gate.open()
    let summary = await worker.drain()
    #expect(summary.finishedCount == 1 && summary.abandonedCount == 0)
  }
}
