import Jobs

/// Every bound of a worker, in one place.
package struct WorkerLimits: Sendable {
  /// Inferences at once, each on a core.
  package var concurrency: Int
  /// Images that an inference takes at most.
  package var batchSize: Int
  /// Jobs received ahead of those that are being classified. While one batch is classified, the next comes from S3 and a
  /// job after it from SQS, for each core; two more for when either hesitates. No more than that: jobs that wait here are
  /// missing from the queue's depth, by which the fleet is scaled, and from the hands of workers with nothing to do.
  package var prefetchCount: Int
  /// Jobs that are held at all. Beyond the ones ahead, these are classified and wait for S3 and SQS to take what was
  /// found: 64 suffice for 600 a second at 100 ms.
  package var heldCountMax: Int

  /// A larger image is answered with an error. The same as the decoder's own bound; with ``heldCountMax`` it bounds a
  /// worker's memory, since only jobs ahead hold their image.
  package var imageByteCountMax = 64 << 20

  /// For how long SQS hides a received job from others. Long enough for a worker that is slow, short enough for a
  /// client that waits while the job of a worker that died comes back. 1 s to 12 h.
  package var visibilityTimeout: Duration = Installation.visibilityTimeout
  /// A job held for longer is not extended any more: whatever keeps it here, another worker may do better.
  package var holdDurationMax: Duration = .seconds(15 * 60)

  /// ReceiveMessage's longest wait; fewer calls of an idle worker are not to be had.
  package var receiveWait: Duration = .seconds(20)
  /// Between attempts to receive after one has failed; doubled up to the longest, with full jitter.
  package var receiveBackoff: Duration = .seconds(1)
  package var receiveBackoffMax: Duration = .seconds(20)

  /// An answer waits for others, to share a call, for this part of the time that its job is old, …
  package var answerPatienceDivisor = 16
  /// … but no longer than this.
  package var answerPatienceMax: Duration = .milliseconds(100)
  /// How long a job that is done waits for others to be deleted with it. Nobody waits for it; it is small beside the
  /// visibility timeout.
  package var deletionPatience: Duration = .milliseconds(200)

  /// Receives after which the redrive policy makes a job a dead letter.
  package var receiveCountMax = Installation.receiveCountMax
  /// Receives for which a job is tried. The one after them tells whoever waits that a job was given up which could not say
  /// so itself, since it took its workers with it.
  package var attemptCountMax: Int { max(1, receiveCountMax - 1) }
  /// How many finished jobs are remembered, to know one that SQS delivers again: a minute's at 60 a second.
  package var recentCountMax = 4096

  /// How long a job is hidden whose first processing failed for S3's or SQS's sake. Each further time eight times as
  /// long, up to the longest, so that the attempts outlast an outage of six minutes.
  package var retryDelay: Duration = .seconds(5)
  package var retryDelayMax: Duration = .seconds(15 * 60)
  /// An inference that failed is tried again, perhaps by another machine; after so many times the client is told.
  package var inferenceAttemptCountMax = 3

  /// How long the start waits for queue and buckets to exist: whatever creates them may start at the same time.
  package var startTimeout = Installation.openTimeout
  package var startRetryDelay = Installation.openDelay

  /// What is being classified or answered when the worker is told to stop gets this long.
  package var drainTimeout: Duration = .seconds(20)
  /// And giving back what it held may take this long.
  package var giveBackTimeout: Duration = .seconds(5)

  /// How often the instance metadata service is asked: EC2 recommends every five seconds.
  package var noticeInterval: Duration = .seconds(5)
  /// For how long an instance must have had no job before the Auto Scaling group may choose it.
  package var protectionIdleDelay: Duration = .seconds(30)
  /// Between calls to the group after one has failed; doubled up to the longest, with jitter.
  package var protectionBackoff: Duration = .seconds(5)
  package var protectionBackoffMax: Duration = .seconds(300)
  /// The last call to the group, after the drain, may take this long.
  package var farewellTimeout: Duration = .seconds(10)

  /// What `--concurrency` may be; libuv has no more threads than 1024, and no machine of ours more cores.
  package static let concurrencyRange = 1...256

  package init(concurrency: Int, batchSize: Int = 1) {
    precondition(Self.concurrencyRange.contains(concurrency) && batchSize > 0)
    self.concurrency = concurrency
    self.batchSize = batchSize
    prefetchCount = (batchSize + 1) * concurrency + 2
    heldCountMax = batchSize * concurrency + prefetchCount + 64
  }

  /// For how long to hide a job after it failed.
  /// - Parameter receiveCount: how often it was received, this time included.
  func retryDelay(receiveCount: Int) -> Duration {
    let eighths = min(max(receiveCount - 1, 0), 8)
    return min(retryDelay * (1 << (3 * eighths)), retryDelayMax)
  }
}
