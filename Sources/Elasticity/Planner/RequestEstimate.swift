/// How many requests to S3 and SQS the images of a plan take: an estimate, since it depends on how many jobs and answers
/// come together in a batch, and so on how long a call takes.
///
/// S3: the image is put and got, the result put. SQS: jobs and answers are each sent, received and deleted, up to ten in a
/// request: what comes up during one request goes into the next one. Who has nothing asks again every 20 s.
package struct RequestEstimate: Sendable, Equatable {
  private static let batchMax = 10.0
  /// A request to SQS in its region, seconds.
  private static let callDuration = 0.02
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
    let sent = batches(Double(arrived), by: 1, in: seconds)
    let worked = batches(Double(started), by: workers, in: seconds)
    let received = isBacklogged ? Double(started) / RequestEstimate.batchMax : worked
    let answered = batches(Double(started), by: 1, in: seconds)
    // Deleting jobs and sending answers at the workers, receiving and deleting answers at the web tier.
    queueRequests += sent + max(received, polls * Double(workers)) + 2 * worked + max(answered, polls) + answered
  }

  /// Requests for so many messages of so many senders.
  private func batches(_ count: Double, by senders: Int, in seconds: Double) -> Double {
    guard count > 0, senders > 0 else { return 0 }
    let perCall = count / seconds / Double(senders) * RequestEstimate.callDuration
    return count / min(max(perCall, 1), RequestEstimate.batchMax)
  }
}
