import AWS
import EventLoop
import Logging

/// Deletes answers that have been delivered, ten in a call. Nobody waits for it: until it is done an answer may come
/// again, and then finds nobody. So a call waits until it is full, or for ``delayMax``.
@LoopActor
final class AnswerDeletion {
  /// A small part of the reply queue's visibility timeout, after which an answer would come again.
  private static let delayMax: Duration = .seconds(1)
  /// Calls under way; with ten answers in each, more than one loop delivers.
  private static let callCountMax = 8
  /// Answers beyond this are not deleted, and come again: SQS is not answering then, and memory is bounded.
  private static let waitingCountMax = 10_000

  private let sqs: SQSClient
  /// Receipts from a queue that has been replaced are refused one by one, which nobody minds: that queue is gone.
  private let queue: ReplyQueue
  private let logger: Logger
  private var waiting: [String] = []
  private var callCount = 0
  private var timer: LoopTimer?
  private var timerIsArmed = false

  init(sqs: SQSClient, queue: ReplyQueue, logger: Logger) {
    self.sqs = sqs
    self.queue = queue
    self.logger = logger
  }

  func add(_ messages: [SQSMessage]) {
    guard waiting.count + messages.count <= Self.waitingCountMax else { return }
    for message in messages { waiting.append(message.receiptHandle) }
    startFullCalls()
    arm()
  }

  func close() {
    timer?.close()
    timer = nil
    waiting = []
  }

  private func startFullCalls() {
    while waiting.count >= SQSClient.batchEntryCountMax, callCount < Self.callCountMax { startCall() }
  }

  private func arm() {
    guard !waiting.isEmpty, !timerIsArmed else { return }
    if timer == nil {
      timer = LoopTimer { [weak self] in
        guard let self else { return }
        timerIsArmed = false
        if callCount < Self.callCountMax { startCall() }
        arm()
      }
    }
    timerIsArmed = true
    timer?.start(after: Self.delayMax)
  }

  private func startCall() {
    guard !waiting.isEmpty else { return }
    let handles = Array(waiting.prefix(SQSClient.batchEntryCountMax))
    waiting.removeFirst(handles.count)
    callCount += 1
    EventLoop.shared.spawn { [self] in
      do throws(AWSError) {
        _ = try await sqs.deleteMessages(handles, from: queue.url)
      } catch {
        if !error.isCancellation { logger.warning("answers cannot be deleted: \(error)") }
      }
      callCount -= 1
      startFullCalls()
    }
  }
}
