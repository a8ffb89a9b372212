package import AWS
import EventLoop
package import Logging

/// Why a process cannot begin.
package enum InstallationError: Error, Sendable, Hashable {
  /// The queue or a bucket was not there, or not to be reached, for as long as the start may take.
  case timedOut(Duration, obstacle: String)
}

extension InstallationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .timedOut(let timeout, let obstacle): "not ready after \(timeout): \(obstacle)"
    }
  }
}

extension Installation {
  /// How long a start waits for what may be created at the same time, by the same stack or the same operator.
  package nonisolated static let openTimeout: Duration = .seconds(60)
  /// Between looks, doubling up to `openDelayMax`.
  package nonisolated static let openDelay: Duration = .milliseconds(100)
  private nonisolated static let openDelayMax: Duration = .seconds(4)

  /// Waits until the request queue and the buckets exist.
  /// - Returns: The URL of the request queue.
  /// - Throws: `timedOut`, also when the task is cancelled.
  package static func open(
    inputBucket: String, outputBucket: String, queues: QueueNames, s3: S3Client, sqs: SQSClient, logger: Logger,
    timeout: Duration = openTimeout, delay: Duration = openDelay
  ) async throws(InstallationError) -> String {
    let deadline = ContinuousClock.now + timeout
    var delay = delay
    var reported = ""
    while true {
      let missing: Missing
      switch await find(buckets: [inputBucket, outputBucket], queues: queues, s3: s3, sqs: sqs) {
      case .success(let url): return url
      case .failure(let failure): missing = failure
      }
      if missing.name != reported { logger.notice("waiting for \(missing.name): \(missing.error)") }
      reported = missing.name
      guard .now + delay < deadline, (try? await sleep(for: delay)) != nil else {
        throw .timedOut(timeout, obstacle: "\(missing.name): \(missing.error)")
      }
      delay = min(delay * 2, openDelayMax)
    }
  }

  private struct Missing: Error {
    let name: String
    let error: AWSError
  }

  private static func find(
    buckets: [String], queues: QueueNames, s3: S3Client, sqs: SQSClient
  ) async -> Result<String, Missing> {
    for bucket in buckets {
      do {
        try await s3.headBucket(bucket)
      } catch {
        // A tier need not have the right to list buckets, which asking for one takes; then S3 says 403.
        if error.serviceError?.status == 403 { continue }
        return .failure(Missing(name: "the bucket \"\(bucket)\"", error: error))
      }
    }
    do { return .success(try await sqs.queueURL(of: queues.requests)) } catch {
      return .failure(Missing(name: "the queue \"\(queues.requests)\"", error: error))
    }
  }
}
