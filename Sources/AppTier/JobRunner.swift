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
  private let recognitions: RecognitionQueue
  private let logger: Logger
  private var recent: RecentJobs
  private var repeatCount = 0
  /// Results on their way to S3, whose answers follow.
  private var storingCount = 0

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
    self.recognitions = RecognitionQueue(processorCount: limits.concurrency)
    self.logger = logger
    recent = RecentJobs(countMax: limits.recentCountMax)
  }

  /// Fetches, recognises, stores, answers, and only then deletes the job: whatever goes wrong before costs a retry, not
  /// an image. A job that comes again is answered from its result. Processing one twice does no harm, its result has the
  /// same key.
  func run(_ message: SQSMessage, _ ticket: HeldJobs.Ticket) async {
    var job: ClassificationJob?
    do throws(Obstacle) {
      let start = ContinuousClock.now
      let read = try read(message)
      job = read
      if let answer = try await storedAnswer(of: read, message) {
        try advance(ticket, to: .answering)
        try await send(answer, of: read)
        repeatCount += 1
        logger.info(
          "\(read.key) was done before and is answered from its result: \(repeatCount) such jobs so far",
          metadata: fields(of: job))
      } else if message.receiveCount > limits.attemptCountMax {
        throw .unfinished(receiveCount: message.receiveCount)
      } else {
        let outcome = try await outcome(of: read, message, ticket, since: start)
        let answer = try encode(ClassificationAnswer(id: read.id, outcome: outcome, requestID: read.requestID))
        try await store(answer, of: read)
        recent.insert(read.id)
        try await send(answer, of: read)
        logger.debug(
          "\(read.key): \(outcome.map(\.label)) after \(ContinuousClock.now - start)", metadata: fields(of: job))
      }
      try await delete(message, ticket)
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

  /// The answer that was stored when the job was done before; nil when it was not, or when that cannot be known: then it is
  /// done once more. S3 is asked only about jobs that were received before, by anybody, or finished here.
  private func storedAnswer(of job: ClassificationJob, _ message: SQSMessage) async throws(Obstacle) -> [UInt8]? {
    guard message.receiveCount > 1 || recent.contains(job.id) else { return nil }
    let bytes: [UInt8]
    do throws(AWSError) {
      bytes = try await s3.getObject(
        bucket: configuration.outputBucket, key: job.key.resultKey, upTo: JobMessageCoder.byteCountMax
      ).bytes
    } catch {
      if error.isCancellation { throw .stopped }
      // S3 says 403 of an object that is not there to those who may not list the bucket.
      if ![403, 404].contains(error.serviceError?.status) {
        logger.warning("whether \(job.key) was done before is not known: \(error)", metadata: fields(of: job))
      }
      return nil
    }
    guard let answer = try? ClassificationAnswer(decoding: bytes), answer.isOf(job) else {
      logger.warning("\(job.key) has a result that is not its own: done again", metadata: fields(of: job))
      return nil
    }
    return bytes
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
    let result: RecognitionResult
    do throws(RecognitionQueue.Failure) {
      result = try await recognitions.result(for: image, with: model) { [custody] in
        custody.advance(ticket, to: .recognising)
      }
    } catch {
      guard case .recognition(let error) = error else { throw .stopped }
      throw Obstacle(error, isLastAttempt: message.receiveCount >= limits.inferenceAttemptCountMax)
    }
    try advance(ticket, to: .answering)
    return result
  }

  private func encode(_ answer: ClassificationAnswer) throws(Obstacle) -> [UInt8] {
    do { return try answer.encoded() } catch { throw .service("its answer cannot be written: \(error)") }
  }

  private func store(_ answer: [UInt8], of job: ClassificationJob) async throws(Obstacle) {
    storingCount += 1
    defer { storingCount -= 1 }
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
      try await replies.send(answer, to: job.replyTo, patience: patience(of: job))
    } catch {
      guard error.isQueueMissing else { throw .undelivered(error.message) }
      logger.notice("the web process that waited for job \(job.id) is gone", metadata: fields(of: job))
    }
  }

  /// How long a job's answer is to wait for others, to share a call: little beside the time that its client has waited, and
  /// not at all when none are to come.
  private func patience(of job: ClassificationJob) -> Duration {
    guard custody.aheadCount + storingCount > 0 else { return .zero }
    let age = Duration.seconds(max(0, Date().timeIntervalSince(job.receivedAt)))
    return min(age / limits.answerPatienceDivisor, limits.answerPatienceMax)
  }

  private func delete(_ message: SQSMessage, _ ticket: HeldJobs.Ticket) async throws(Obstacle) {
    do { try await custody.delete(message, ticket) } catch { throw .undelivered(error.message) }
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
      guard message.receiveCount < limits.attemptCountMax else {
        let error = ClassificationError(
          code: .unavailable, message: "The image cannot be classified now; try it again.")
        return await giveUp(message, ticket, of: job, because: why, telling: error)
      }
      await giveBack(message, ticket, of: job, because: why)
    case .undelivered(let why):
      await giveBack(message, ticket, of: job, because: why)
    case .unfinished(let receiveCount):
      let error = ClassificationError(code: .internal, message: "The image could not be classified.")
      let why = "received \(receiveCount - 1) times before, it is still not done"
      await giveUp(message, ticket, of: job, because: why, telling: error)
    case .stopped:
      break
    }
  }

  private func giveBack(
    _ message: SQSMessage, _ ticket: HeldJobs.Ticket, of job: ClassificationJob?, because why: String
  ) async {
    let delay = limits.retryDelay(receiveCount: message.receiveCount)
    logger.warning("message \(message.messageID) is given back for \(delay): \(why)", metadata: fields(of: job))
    await custody.giveBack(message, ticket, after: delay)
  }

  /// Whoever waits for a job that is not tried again learns it now rather than by a timeout, if SQS lets him. The error is
  /// not stored as a result: the job may yet be taken out of the dead-letter queue and done.
  private func giveUp(
    _ message: SQSMessage, _ ticket: HeldJobs.Ticket, of job: ClassificationJob?, because why: String,
    telling error: ClassificationError
  ) async {
    guard custody.advance(ticket, to: .answering) else { return }
    defer { custody.settle(ticket) }
    logger.error("message \(message.messageID) is left for the dead-letter queue: \(why)", metadata: fields(of: job))
    guard let job else { return }
    do throws(Obstacle) {
      let answer = ClassificationAnswer(id: job.id, outcome: .failure(error), requestID: job.requestID)
      try await send(try encode(answer), of: job)
    } catch {
      logger.error("nor could whoever waits for it be told: \(error)", metadata: fields(of: job))
    }
  }
}

extension ClassificationAnswer {
  fileprivate func isOf(_ job: ClassificationJob) -> Bool {
    guard id == job.id else { return false }
    if case .success(let classification) = outcome { return classification.key == job.key }
    return true
  }
}
