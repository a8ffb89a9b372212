package import AWS
package import EventLoop
import Jobs
package import Logging

/// The app tier: takes jobs from the request queue, fetches their images from S3, classifies them, stores the results,
/// answers, and then deletes the jobs. All steps of different jobs overlap; only classifying needs the processor.
/// It promises that a job is processed at least once and never lost, whatever fails: what is not deleted comes back.
/// It promises bounds on what it holds (`WorkerLimits`) and to give back what it has not begun when told to stop.
/// It does not decide how many workers there are, and knows the web tier by its messages only.
@LoopActor package final class Worker {
  /// What became of the jobs that were held when the worker was told to stop.
  package struct DrainSummary: Sendable, Hashable, CustomStringConvertible {
    package var finishedCount = 0
    /// Not begun, and given back at once.
    package var givenBackCount = 0
    /// Given back because their time was over. What is being computed for them may still occupy a thread.
    package var abandonedCount = 0

    package init() {}

    package var description: String {
      "\(finishedCount) jobs finished, \(givenBackCount) given back, \(abandonedCount) abandoned"
    }
  }

  private let limits: WorkerLimits
  private let sqs: SQSClient
  private let requestQueueURL: String
  private let custody: Custody
  private let runner: JobRunner
  private let logger: Logger
  private var receiving: Task<Void, Never>?
  private var isStopping = false
  private var running: [HeldJobs.Ticket: Task<Void, Never>] = [:]
  private var random = SystemRandomNumberGenerator()

  /// - Parameter requestQueueURL: as SQS named it; see ``open(_:limits:s3:sqs:models:logger:)``.
  package init(
    configuration: WorkerConfiguration, limits: WorkerLimits, requestQueueURL: String, s3: S3Client, sqs: SQSClient,
    models: ServedModels, logger: Logger
  ) throws(WorkerStartError) {
    let policy: ReplyQueuePolicy
    do { policy = try ReplyQueuePolicy(requestQueueURL: requestQueueURL, names: configuration.queues) } catch {
      throw .requestQueueURL(requestQueueURL)
    }
    self.limits = limits
    self.sqs = sqs
    self.requestQueueURL = requestQueueURL
    self.logger = logger
    custody = Custody(queueURL: requestQueueURL, sqs: sqs, limits: limits, logger: logger)
    runner = JobRunner(
      configuration: configuration, limits: limits, s3: s3, sqs: sqs, models: models, replyPolicy: policy,
      custody: custody, logger: logger)
  }

  /// Jobs received and neither deleted nor given back.
  package var heldCount: Int { custody.count }

  /// - Parameter observer: Told when the first job comes and when the last one leaves.
  package func observeBusy(_ observer: @escaping (Bool) -> Void) { custody.busyObservers.append(observer) }

  /// Begins to receive.
  package func start() {
    precondition(receiving == nil && !isStopping, "a worker starts once")
    receiving = EventLoop.shared.spawn { [self] in await receive() }
  }

  /// Stops receiving, gives back what has not begun, finishes what has within `limits.drainTimeout`, gives back the rest.
  /// - Parameter timeoutMax: shortens `limits.drainTimeout`, where the machine is not there for so long.
  package func drain(within timeoutMax: Duration? = nil) async -> DrainSummary {
    isStopping = true
    receiving?.cancel()
    custody.stopWaitingForRoom()
    custody.hurry()
    await receiving?.value

    var summary = DrainSummary()
    let heldCount = custody.count
    summary.givenBackCount = await giveBack([.ahead])
    let timeout = timeoutMax.map { min($0, limits.drainTimeout) } ?? limits.drainTimeout
    if await !custody.waitUntilEmpty(within: timeout) {
      summary.abandonedCount = await giveBack([.ahead, .recognising, .answering, .leaving])
    }
    custody.close()
    summary.finishedCount = heldCount - summary.givenBackCount - summary.abandonedCount
    return summary
  }

  /// - Returns: how many jobs there were in these stages.
  private func giveBack(_ stages: Set<HeldJobs.Stage>) async -> Int {
    let held = custody.settleAll(in: stages)
    for job in held { running[job.ticket]?.cancel() }
    let call = EventLoop.shared.spawn { [custody] in await custody.release(held) }
    let timer = LoopTimer { call.cancel() }
    timer.start(after: limits.giveBackTimeout)
    defer { timer.close() }
    await call.value
    return held.count
  }

  private func receive() async {
    var failureCount = 0
    while !isStopping {
      await custody.waitForRoom()
      if isStopping { return }
      do throws(AWSError) {
        let messages = try await sqs.receiveMessages(
          from: requestQueueURL, countMax: min(custody.room, SQSClient.batchEntryCountMax), wait: limits.receiveWait,
          visibilityTimeout: limits.visibilityTimeout)
        failureCount = 0
        for message in messages { begin(message) }
      } catch {
        if error.isCancellation { return }
        logger.warning("receiving jobs failed: \(error)")
        await pause(afterFailures: failureCount)
        failureCount += 1
      }
    }
  }

  private func begin(_ message: SQSMessage) {
    let ticket = custody.hold(message)
    // It came in the moment we were told to stop, and is given back with the others.
    if isStopping { return }
    running[ticket] = EventLoop.shared.spawn { [self] in
      await runner.run(message, ticket)
      running[ticket] = nil
    }
  }

  private func pause(afterFailures count: Int) async {
    var backoff = Backoff()
    backoff.base = limits.receiveBackoff
    backoff.delayMax = limits.receiveBackoffMax
    // Cancelled: the loop ends by itself.
    try? await sleep(for: backoff.delay(beforeRetry: count, fraction: Double.random(in: 0...1, using: &random)))
  }
}
