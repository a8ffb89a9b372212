import AWS
import EventLoop
import FoundationEssentials
import Jobs
import Logging

/// The dead-letter queue, as operators look at it and send its messages again.
///
/// SQS shows messages to those only who receive them, which hides them from everybody else. They are therefore looked at on
/// request only, a few at a time, and given back at once; should that fail they are back after ``hiddenDuration``. While
/// they are hidden a redrive passes them over.
@LoopActor
final class DeadLetters {
  /// What one ReceiveMessage brings. It picks them as it likes.
  nonisolated static let listedCountMax = SQSClient.batchEntryCountMax
  /// Long enough to read ten results.
  private static let hiddenDuration: Duration = .seconds(10)

  private let sqs: SQSClient
  private let name: String
  private let inputBucket: String
  private let results: ResultStore
  private let logger: Logger
  private var url: String?
  private var arn: String?
  private var listing: Task<[DeadLetter], any Error>?

  init(sqs: SQSClient, names: QueueNames, inputBucket: String, results: ResultStore, logger: Logger) {
    self.sqs = sqs
    name = names.dead
    self.inputBucket = inputBucket
    self.results = results
    self.logger = logger
  }

  /// Up to ``listedCountMax`` of them, the oldest first. Who asks while others look gets what they get.
  func list() async throws(AWSError) -> [DeadLetter] {
    let task = listing ?? EventLoop.shared.start { [self] in try await receive() }
    listing = task
    defer { listing = nil }
    do { return try await task.value } catch { throw error as? AWSError ?? .transport(.cancelled) }
  }

  private func receive() async throws(AWSError) -> [DeadLetter] {
    let url = try await queueURL()
    let messages = try await sqs.receiveMessages(
      from: url, countMax: DeadLetters.listedCountMax, wait: .zero, visibilityTimeout: DeadLetters.hiddenDuration)
    guard !messages.isEmpty else { return [] }
    do throws(AWSError) {
      _ = try await sqs.changeVisibility(of: messages.map(\.receiptHandle), to: .zero, in: url)
    } catch {
      logger.warning("dead letters that were looked at stay hidden for \(DeadLetters.hiddenDuration): \(error)")
    }
    var letters: [DeadLetter] = []
    for message in messages {
      letters.append(
        await DeadLetter(message, inputBucket: inputBucket) { job in try? await self.results.result(of: job.key) })
    }
    return letters.sorted { ($0.sentAt ?? .distantPast) < ($1.sentAt ?? .distantPast) }
  }

  /// Begins to move all that is visible to the queue of requests.
  func redrive() async throws(AWSError) { try await sqs.startMoveTask(from: try await queueARN()) }

  /// The last redrive, whoever began it.
  func lastRedrive() async throws(AWSError) -> SQSMoveTask? {
    try await sqs.moveTasks(from: try await queueARN()).first
  }

  private func queueURL() async throws(AWSError) -> String {
    if let url { return url }
    let found = try await sqs.queueURL(of: name)
    url = found
    return found
  }

  private func queueARN() async throws(AWSError) -> String {
    if let arn { return arn }
    guard let found = try await sqs.queueAttributes(of: try await queueURL(), ["QueueArn"])["QueueArn"] else {
      throw .malformedResponse(operation: "GetQueueAttributes", "no QueueArn")
    }
    arn = found
    return found
  }
}
