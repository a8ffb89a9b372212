package import AWS
import EventLoop
import Jobs
package import Logging

/// Why a worker cannot begin.
package enum WorkerStartError: Error, Sendable, Hashable {
  /// The queue or a bucket was not there, or not to be reached, for as long as the start may take.
  case timedOut(Duration, obstacle: String)
  /// SQS named the request queue in a way that reply queues cannot be compared with.
  case requestQueueURL(String)
}

extension WorkerStartError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .timedOut(let timeout, let obstacle): "not ready after \(timeout): \(obstacle)"
    case .requestQueueURL(let url): "the request queue's URL makes no sense: \(url)"
    }
  }
}

extension Worker {
  /// Waits until the request queue and the buckets exist, and makes a worker of them that has not started yet.
  package static func open(
    _ configuration: WorkerConfiguration, limits: WorkerLimits, s3: S3Client, sqs: SQSClient,
    recognition: ImageRecognition, logger: Logger
  ) async throws(WorkerStartError) -> Worker {
    let deadline = ContinuousClock.now + limits.startTimeout
    var delay = limits.startRetryDelay
    var reported = ""
    while true {
      let obstacle: String
      switch await findResources(configuration, s3: s3, sqs: sqs) {
      case .success(let requestQueueURL):
        return try Worker(
          configuration: configuration, limits: limits, requestQueueURL: requestQueueURL, s3: s3, sqs: sqs,
          recognition: recognition, logger: logger)
      case .failure(let missing): obstacle = missing.what
      }
      if obstacle != reported { logger.notice("waiting: \(obstacle)") }
      reported = obstacle
      guard .now + delay < deadline, (try? await sleep(for: delay)) != nil else {
        throw .timedOut(limits.startTimeout, obstacle: obstacle)
      }
      delay = min(delay * 2, .seconds(4))
    }
  }

  private struct Missing: Error { let what: String }

  /// The request queue's URL, once the buckets are there as well.
  private static func findResources(
    _ configuration: WorkerConfiguration, s3: S3Client, sqs: SQSClient
  ) async -> Result<String, Missing> {
    for bucket in [configuration.inputBucket, configuration.outputBucket] {
      do {
        try await s3.headBucket(bucket)
      } catch {
        // A worker need not have the right to list buckets, which asking for one takes; then S3 says 403.
        if let refusal = error.serviceError, refusal.status == 403 { continue }
        return .failure(Missing(what: "the bucket \"\(bucket)\": \(error)"))
      }
    }
    let name = configuration.queues.requests
    do { return .success(try await sqs.queueURL(of: name)) } catch {
      return .failure(Missing(what: "the queue \"\(name)\": \(error)"))
    }
  }
}
