import AWS
import EventLoop
import FoundationEssentials
import Jobs

/// A message of the dead-letter queue, and what is known of why it is there.
struct DeadLetter: Encodable {
  struct Job: Encodable {
    var id: String
    var key: String
    /// As the client named the image.
    var name: String
    /// What the worker's and the web tier's log lines about it have.
    var requestID: String?
    var model: String?
    var receivedAt: Date

    init(_ job: ClassificationJob) {
      id = job.id.description
      key = job.key.description
      name = job.name
      requestID = job.requestID?.description
      model = job.model?.description
      receivedAt = job.receivedAt
    }
  }

  var messageID: String
  /// When it was sent; on SQS a message that was moved here keeps that time.
  var sentAt: Date?
  /// Since it is here, and on SQS before, too.
  var receiveCount: Int
  var byteCount: Int
  /// `nil`: it is no job of ours.
  var job: Job?
  /// A sentence.
  var reason: String
}

extension DeadLetter {
  /// - Parameters:
  ///   - inputBucket: The only one that workers read.
  ///   - result: What the output bucket has of it.
  @LoopActor init(_ message: SQSMessage, inputBucket: String, result: @LoopActor (ClassificationJob) async -> Reply?)
    async
  {
    let job: ClassificationJob
    (messageID, sentAt, receiveCount) = (message.messageID, message.sentAt, message.receiveCount)
    byteCount = message.body.utf8.count
    do { job = try ClassificationJob(decoding: message.body.utf8) } catch {
      reason = "It is no job. \(error)"
      return
    }
    self.job = Job(job)
    guard job.bucket == inputBucket else {
      reason = "Its image is in the bucket \"\(job.bucket)\", and workers read \"\(inputBucket)\" only."
      return
    }
    switch await result(job) {
    case .answered(let answer, _):
      switch answer.outcome {
      case .success(let label):
        reason =
          "It was done (\(label)), but its answer or its deletion failed. Sent again, it is answered from its result."
      case .failure(let error):
        reason = "Its image has the result \(error.code.rawValue): \(error.message)"
      }
    case .pending, nil:
      reason = "It has no result: workers failed each time, or were lost with it. Their log says why, by its id."
    }
  }
}
