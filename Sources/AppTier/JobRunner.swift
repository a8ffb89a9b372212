import AWS
import EventLoop
import FoundationEssentials
import Jobs
import Logging
import Recognition

/// Takes one job all its way.
@LoopActor final class JobRunner {
  private let configuration: WorkerConfiguration
  private let limits: WorkerLimits
  private let s3: S3Client
  private let models: ServedModels
  private let replyPolicy: ReplyQueuePolicy
  private let replies: ReplyQueues
  private let custody: Custody
  private let slots: RecognitionSlots
  private let logger: Logger

  init(
    configuration: WorkerConfiguration, limits: WorkerLimits, s3: S3Client, sqs: SQSClient,
    models: ServedModels, replyPolicy: ReplyQueuePolicy, custody: Custody, logger: Logger
  ) {
    self.configuration = configuration
    self.limits = limits
    self.s3 = s3
    self.models = models
    self.replyPolicy = replyPolicy
    self.replies = ReplyQueues(sqs: sqs, limits: limits)
    self.custody = custody
    self.slots = RecognitionSlots(count: limits.concurrency)
    self.logger = logger
  }

  /// Fetches, recognises, stores, answers, and only then deletes the job: whatever goes wrong before costs a retry, not
  /// an image. Processing a job twice does no harm, its result has the same key.
  func run(_ message: SQSMessage, _ ticket: HeldJobs.Ticket) async {
    var job: ClassificationJob?
    do throws(Obstacle) {
      let start = ContinuousClock.now
      let read = try read(message)
      job = read
      let outcome = try await outcome(of: read, message, ticket, since: start)
      let answer = try encode(ClassificationAnswer(id: read.id, outcome: outcome, requestID: read.requestID))
      try await store(answer, of: read)
      try await send(answer, of: read)
      try await delete(message, ticket)
      logger.debug(
        "\(read.key): \(outcome.map(\.label)) after \(ContinuousClock.now - start)", metadata: fields(of: job))
    } catch {
      await handOver(message, ticket, of: job, because: error)
    }
  }

  private func read(_ message: SQSMessage) throws(Obstacle) -> ClassificationJob {
    let job: ClassificationJob
    do { job = try ClassificationJob(decoding: message.body.utf8) } catch { throw .job(error.description) }
    // Left to the dead-letter queue rather than answered with an error: a mistake in the set-up must not cost images.
    guard job.bucket == configuration.inputBucket else {
      throw .job("its image is in the bucket \"\(job.bucket)\", and only \"\(configuration.inputBucket)\" is read")
    }
    return job
  }

  /// What there is to say of the image: its classification, or why it has none.
  private func outcome(
    of job: ClassificationJob, _ message: SQSMessage, _ ticket: HeldJobs.Ticket, since start: ContinuousClock.Instant
  ) async throws(Obstacle) -> Result<Jobs.Classification, ClassificationError> {
    let queued = Duration.seconds(max(0, Date().timeIntervalSince(job.receivedAt)))
    do throws(Obstacle) {
      let model = try model(for: job)
      let image = try await fetch(job)
      let fetched = ContinuousClock.now - start
      let result = try await recognise(image, with: model, message, ticket)
      return .success(
        Jobs.Classification(
          key: job.key, name: job.name,
          candidates: result.top.map { .init(label: $0.label, wnid: $0.wordNetID, confidence: $0.confidence) },
          model: model.modelName, modelVersion: model.modelVersion, worker: configuration.workerName,
          timings: .init(
            queue: queued, fetch: fetched, decode: result.decoding, classify: result.inference,
            total: ContinuousClock.now - start)))
    } catch {
      guard case .image(let error) = error else { throw error }
      try advance(ticket, to: .answering)
      return .failure(error)
    }
  }

  /// Before the image is fetched: who asks for a model that is not here is told so at once.
  private func model(for job: ClassificationJob) throws(Obstacle) -> ImageRecognition {
    do { return try models.catalog.model(job.model) } catch { throw .image(error) }
  }

  private func fetch(_ job: ClassificationJob) async throws(Obstacle) -> [UInt8] {
    do throws(AWSError) {
      return try await s3.getObject(
        bucket: job.bucket, key: job.key.description, upTo: limits.imageByteCountMax
      ).bytes
    } catch {
      if error.isNotFound {
        throw .image(ClassificationError(code: .imageMissing, message: "The image is not in the bucket."))
      }
      if case .transport(.responseTooLarge(let max)) = error {
        throw .image(ClassificationError(code: .imageTooLarge, message: "The image has more than \(max) bytes."))
      }
      throw Obstacle(error)
    }
  }

  /// Decodes and classifies, when it is this image's turn.
  private func recognise(
    _ image: [UInt8], with model: ImageRecognition, _ message: SQSMessage, _ ticket: HeldJobs.Ticket
  ) async throws(Obstacle) -> RecognitionResult {
    do { try await slots.acquire() } catch { throw .stopped }
    defer { slots.release() }
    try advance(ticket, to: .recognising)
    let result: RecognitionResult
    do {
      result = try await model.result(for: image)
    } catch {
      throw Obstacle(error, isLastAttempt: message.receiveCount >= limits.inferenceAttemptCountMax)
    }
    try advance(ticket, to: .answering)
    return result
  }

  private func encode(_ answer: ClassificationAnswer) throws(Obstacle) -> [UInt8] {
    do { return try answer.encoded() } catch { throw .job("its answer cannot be written: \(error)") }
  }

  private func store(_ answer: [UInt8], of job: ClassificationJob) async throws(Obstacle) {
    do {
      try await s3.putObject(
        bucket: configuration.outputBucket, key: job.key.resultKey, body: .bytes(answer),
        contentType: "application/json")
    } catch {
      throw Obstacle(error)
    }
  }

  /// Answers whoever waits, if it is one of ours and still there. If not, the result is stored and nobody is left to be
  /// told of it: repeating the job would change nothing.
  private func send(_ answer: [UInt8], of job: ClassificationJob) async throws(Obstacle) {
    guard replyPolicy.allows(job.replyTo) else {
      logger.error(
        "job \(job.id) wants its answer sent to \(job.replyTo), which is not a reply queue of ours: not sent",
        metadata: fields(of: job))
      return
    }
    do {
      try await replies.send(answer, to: job.replyTo)
    } catch {
      guard error.isQueueMissing else { throw .service(error.message) }
      logger.notice(
        "the web process that waited for job \(job.id) is gone; its result is stored", metadata: fields(of: job))
    }
  }

  private func delete(_ message: SQSMessage, _ ticket: HeldJobs.Ticket) async throws(Obstacle) {
    do { try await custody.delete(message, ticket) } catch { throw .service(error.message) }
  }

  private func advance(_ ticket: HeldJobs.Ticket, to stage: HeldJobs.Stage) throws(Obstacle) {
    guard custody.advance(ticket, to: stage) else { throw .stopped }
  }

  /// What its line is found by: the request's id is in the web tier's log as well.
  private func fields(of job: ClassificationJob?) -> Logger.Metadata {
    guard let job else { return [:] }
    var fields: Logger.Metadata = ["job": .stringConvertible(job.id)]
    if let requestID = job.requestID { fields["request"] = .stringConvertible(requestID) }
    return fields
  }

  /// What becomes of a job that could not be done.
  private func handOver(
    _ message: SQSMessage, _ ticket: HeldJobs.Ticket, of job: ClassificationJob?, because obstacle: Obstacle
  ) async {
    switch obstacle {
    case .image(let error):
      preconditionFailure("an image's fault is an answer: \(error)")
    case .job(let why):
      logger.error("message \(message.messageID) is left for the dead-letter queue: \(why)", metadata: fields(of: job))
      custody.settle(ticket)
    case .service(let why):
      let delay = limits.retryDelay(receiveCount: message.receiveCount)
      logger.warning("message \(message.messageID) is given back for \(delay): \(why)", metadata: fields(of: job))
      await custody.giveBack(message, ticket, after: delay)
    case .stopped:
      break
    }
  }
}
