package import AWS
package import EventLoop

/// What an installation needs in S3 and SQS, and the numbers it is made with.
@LoopActor package enum Installation {
  /// How long a received job stays invisible to other workers; workers extend it while they hold the job.
  package nonisolated static let visibilityTimeout: Duration = .seconds(60)
  /// Receives after which a job is taken for poisonous and goes to the dead-letter queue.
  package nonisolated static let receiveCountMax = 5
  /// SQS's longest: a dead letter is kept until somebody has looked at it.
  static let deadLetterRetention: Duration = .seconds(14 * 24 * 3600)
  /// An answer that nobody has taken by then has nobody left to take it; the output bucket holds the result.
  static let answerRetention: Duration = .seconds(3600)
  /// How long a received answer stays invisible: several times as long as its deletion takes, and short enough for a client
  /// to have it all the same when SQS gave it away with a response that was lost.
  package nonisolated static let answerVisibilityTimeout: Duration = .seconds(10)

  /// Creates the buckets and the request and dead-letter queues, as far as they do not exist.
  /// - Returns: The URL of the request queue.
  @discardableResult
  package static func create(
    inputBucket: String, outputBucket: String, queues: QueueNames, s3: S3Client, sqs: SQSClient
  ) async throws(AWSError) -> String {
    try await s3.createBucket(inputBucket)
    try await s3.createBucket(outputBucket)
    let dead = try await sqs.createQueue(
      queues.dead, attributes: ["MessageRetentionPeriod": seconds(deadLetterRetention)])
    let arn = try await sqs.queueAttributes(of: dead, ["QueueArn"])["QueueArn"] ?? ""
    return try await sqs.createQueue(
      queues.requests,
      attributes: [
        "VisibilityTimeout": seconds(visibilityTimeout),
        // An ARN has no character that JSON escapes.
        "RedrivePolicy": #"{"deadLetterTargetArn":"\#(arn)","maxReceiveCount":"\#(receiveCountMax)"}"#,
      ])
  }

  /// Creates the queue that one web process takes its answers from.
  /// - Parameter tags: Set together with the queue, so that it is never seen without them; takes the right to
  ///   `sqs:TagQueue`.
  /// - Returns: Its URL.
  package static func createReplyQueue(
    named name: String, tags: [String: String] = [:], sqs: SQSClient
  ) async throws(AWSError) -> String {
    try await sqs.createQueue(
      name,
      attributes: [
        "MessageRetentionPeriod": seconds(answerRetention), "VisibilityTimeout": seconds(answerVisibilityTimeout),
      ], tags: tags)
  }

  private static func seconds(_ duration: Duration) -> String { String(duration.components.seconds) }
}
