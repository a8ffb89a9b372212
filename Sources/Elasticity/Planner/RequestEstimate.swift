/// How many requests to S3 and SQS the images of a plan take: an estimate, since it depends on how many jobs and answers
/// come together in a batch, and so on how long a call takes.
///
/// S3: the image is put and got, the result put. SQS: jobs and answers are each sent, received and deleted, up to ten in a
/// request: what comes up during one request, or while deletions and late answers wait for others, goes into the next one.
/// Who has nothing asks again every 20 s.
package struct RequestEstimate: Sendable, Equatable {
  private static let batchMax = 10.0
  /// A request to SQS in its region, seconds.
  private static let callDuration = 0.02
  /// How long workers let the answers of jobs that have waited themselves wait for others (`WorkerLimits`), seconds, …
  private static let lateAnswerPatience = 0.1
  /// … and deletions of jobs, …
  private static let jobDeletionPatience = 0.2
  /// … and the web tier deletions of answers (`AnswerDeletion`).
  private static let answerDeletionPatience = 1.0
  private static let longPoll = 20.0

  package private(set) var puts = 0.0
  package private(set) var gets = 0.0
  package private(set) var queueRequests = 0.0

  package var total: Double { puts + gets + queueRequests }

  func cost(_ prices: PlanPrices) -> Double {
    puts / 1_000 * prices.thousandPuts + gets / 1_000 * prices.thousandGets + queueRequests / 1_000_000
      * prices.millionQueueRequests
  }

  /// - Parameters:
  ///   - arrived: Images that came in the interval, …
  ///   - started: … and that workers began with.
  ///   - isBacklogged: Images wait: workers receive full batches.
  ///   - seconds: The interval's length.
  mutating func add(arrived: Int, started: Int, workers: Int, isBacklogged: Bool, seconds: Double) {
    guard seconds > 0 else { return }
    puts += Double(arrived + started)
    gets += Double(started)
    let polls = seconds / RequestEstimate.longPoll
    let (arrived, started) = (Double(arrived), Double(started))
    func batches(_ count: Double, by senders: Int, after patience: Double = 0) -> Double {
      RequestEstimate.batches(rate: count / seconds, by: senders, after: patience) * seconds
    }
    let jobsReceived = isBacklogged ? started / RequestEstimate.batchMax : batches(started, by: workers)
    queueRequests += batches(arrived, by: 1)
    queueRequests += max(jobsReceived, polls * Double(workers))
    queueRequests += batches(started, by: workers, after: RequestEstimate.jobDeletionPatience)
    queueRequests += batches(started, by: workers, after: isBacklogged ? RequestEstimate.lateAnswerPatience : 0)
    queueRequests += max(batches(started, by: 1), polls)
    queueRequests += batches(started, by: 1, after: RequestEstimate.answerDeletionPatience)
  }

  /// Requests a second for so many messages a second of so many senders.
  private static func batches(rate: Double, by senders: Int, after patience: Double) -> Double {
    guard rate > 0, senders > 0 else { return 0 }
    return rate / min(max(rate / Double(senders) * (callDuration + patience), 1), batchMax)
  }
}
