import AWS
import EventLoop
import FoundationEssentials
import Jobs
import Logging

/// This process's reply queue: made at the start, marked as alive, made anew when it was deleted under us, deleted at
/// the end.
///
/// A process that was suspended for long comes back to a queue that others took for abandoned. Its new one has another
/// name, since SQS does not give a deleted name again for 60 s; answers to jobs sent before go to the bucket only.
@LoopActor
final class ReplyQueue {
  private let names: QueueNames
  private let sqs: SQSClient
  private let limits: ReplyQueueLimits
  private let logger: Logger
  private var loss: ReplyQueueLoss
  private var isReplacing = false
  private var heartbeat: Task<Void, Never>?

  /// Where answers to new jobs go.
  private(set) var url: String

  /// - Parameter nodeID: The first queue's.
  static func create(
    nodeID: JobID, names: QueueNames, sqs: SQSClient, limits: ReplyQueueLimits, logger: Logger
  ) async throws -> ReplyQueue {
    let url = try await createQueue(nodeID: nodeID, names: names, sqs: sqs)
    return ReplyQueue(url: url, names: names, sqs: sqs, limits: limits, logger: logger)
  }

  private init(url: String, names: QueueNames, sqs: SQSClient, limits: ReplyQueueLimits, logger: Logger) {
    self.url = url
    self.names = names
    self.sqs = sqs
    self.limits = limits
    self.logger = logger
    loss = ReplyQueueLoss(limits: limits)
    heartbeat = EventLoop.shared.spawn { await self.beat() }
  }

  private static func createQueue(nodeID: JobID, names: QueueNames, sqs: SQSClient) async throws -> String {
    try await Installation.createReplyQueue(
      named: try names.replies(nodeID: nodeID.description), tags: ReplyQueueMark.tags(at: Date()), sqs: sqs)
  }

  /// Ends the heartbeat and deletes the queue.
  func close() async {
    heartbeat?.cancel()
    await heartbeat?.value
    do throws(AWSError) { try await sqs.deleteQueue(url) } catch {
      if error.serviceError?.isQueueMissing != true { logger.warning("the reply queue is left behind: \(error)") }
    }
  }

  private func beat() async {
    while (try? await sleep(for: limits.heartbeatInterval)) != nil {
      do throws(AWSError) { try await sqs.tagQueue(url, ReplyQueueMark.tags(at: Date())) } catch {
        if !error.isCancellation { logger.warning("the reply queue cannot be marked as alive: \(error)") }
      }
    }
  }

  // MARK: Loss

  /// What keeps answers from coming; `nil` when nothing does.
  var obstacle: AWSError? {
    guard loss.isMissing else { return nil }
    return .service(
      ServiceError(
        code: "QueueDoesNotExist", message: "the reply queue is gone", status: 400, operation: "ReceiveMessage"))
  }

  /// A receive from ``url`` succeeded.
  func received() { loss.received() }

  /// A receive was told that the queue does not exist.
  /// - Parameter missing: From which it was received.
  func isMissing(_ missing: String) async {
    guard missing == url, !isReplacing, loss.missing(at: .now) else { return }
    isReplacing = true
    defer { isReplacing = false }
    do {
      url = try await ReplyQueue.createQueue(nodeID: JobIDSource().next(), names: names, sqs: sqs)
      loss.replaced()
      logger.error("the reply queue was deleted; answers to new jobs come to \(url)")
    } catch {
      logger.error("the reply queue was deleted, and a new one cannot be made: \(error)")
    }
  }
}
