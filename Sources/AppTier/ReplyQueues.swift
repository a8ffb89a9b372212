import AWS
import EventLoop
import Jobs

/// Sends answers to the web processes' queues, those for the same one together.
@LoopActor final class ReplyQueues {
  private let sqs: SQSClient
  private let entryCountMax: Int
  /// One for each queue that answers are on their way to, so never more than jobs are held.
  private var queues: [String: BatchedCalls<SQSOutgoingMessage>] = [:]

  init(sqs: SQSClient, limits: WorkerLimits) {
    self.sqs = sqs
    entryCountMax = limits.heldCountMax
  }

  /// Returns when the answer is in the queue.
  /// - Parameters:
  ///   - queueURL: one that `ReplyQueuePolicy` allows.
  ///   - patience: how long it may wait for others.
  func send(_ answer: [UInt8], to queueURL: String, patience: Duration) async throws(BatchedCallError) {
    let calls = queues[queueURL] ?? makeCalls(to: queueURL)
    queues[queueURL] = calls
    defer { if calls.isIdle { queues[queueURL] = nil } }
    try await calls.perform(
      SQSOutgoingMessage(String(decoding: answer, as: UTF8.self)), byteCount: answer.count, patience: patience)
  }

  private func makeCalls(to queueURL: String) -> BatchedCalls<SQSOutgoingMessage> {
    BatchedCalls(entryCountMax: entryCountMax) { [sqs] (answers) async throws(AWSError) in
      try await sqs.sendMessages(answers, to: queueURL).map { $0.map { _ in () } }
    }
  }
}
