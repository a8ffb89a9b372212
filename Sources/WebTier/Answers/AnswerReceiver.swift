import AWS
import EventLoop
import Jobs
import Logging

/// Takes answers from this process's reply queue and hands them to the clients that wait.
@LoopActor
final class AnswerReceiver {
  /// After a failed poll, doubling; the client underneath has already retried.
  private static let pauseMin: Duration = .milliseconds(500)
  private static let pauseMax: Duration = .seconds(10)

  private let sqs: SQSClient
  private let queue: ReplyQueue
  private let answers: AnswerTable
  private let metrics: WebMetrics
  private let logger: Logger
  private let deletion: AnswerDeletion
  private var scaling = ReceiverScaling()
  private var receivers: [Int: Task<Void, Never>] = [:]
  private var nextReceiver = 0
  private var isStopping = false

  init(sqs: SQSClient, queue: ReplyQueue, answers: AnswerTable, metrics: WebMetrics, logger: Logger) {
    self.sqs = sqs
    self.queue = queue
    self.answers = answers
    self.metrics = metrics
    self.logger = logger
    deletion = AnswerDeletion(sqs: sqs, queue: queue, logger: logger)
  }

  func start() {
    for _ in 0..<scaling.receiverCount { startReceiver() }
  }

  /// Cancels the long polls and waits for them to end.
  func stop() async {
    isStopping = true
    for receiver in receivers.values { receiver.cancel() }
    for receiver in Array(receivers.values) { await receiver.value }
    deletion.close()
  }

  private func startReceiver() {
    let number = nextReceiver
    nextReceiver += 1
    receivers[number] = EventLoop.shared.spawn {
      await self.receive()
      self.receivers[number] = nil
    }
  }

  private func receive() async {
    var pause = AnswerReceiver.pauseMin
    while !isStopping {
      let decision: ReceiverScaling.Decision
      let queueURL = queue.url
      do throws(AWSError) {
        let messages = try await sqs.receiveMessages(from: queueURL)
        queue.received()
        pause = AnswerReceiver.pauseMin
        decision = scaling.received(messageCount: messages.count)
        if decision == .goAndStartAnother { startReceiver() }
        deliver(messages)
      } catch {
        if isStopping || error.isCancellation { return }
        logger.warning("answers cannot be received: \(error)")
        if error.serviceError?.isQueueMissing == true { await queue.isMissing(queueURL) }
        decision = scaling.failed()
        if queue.url != queueURL { pause = AnswerReceiver.pauseMin }
        do { try await sleep(for: pause) } catch { return }
        pause = min(pause * 2, AnswerReceiver.pauseMax)
      }
      if decision == .stop { return }
    }
  }

  /// Resolves the clients first and deletes afterwards, without anybody waiting for the deletion: an answer that comes
  /// a second time finds nobody.
  private func deliver(_ messages: [SQSMessage]) {
    guard !messages.isEmpty else { return }
    for message in messages {
      let json = Array(message.body.utf8)
      do throws(JobMessageError) {
        let answer = try AnswerEnvelope(decoding: json)
        metrics.observe(answer, json: json)
        _ = answers.resolve(answer, json: json)
      } catch {
        logger.warning("a message that is no answer: \(error)")
      }
    }
    deletion.add(messages)
  }
}
