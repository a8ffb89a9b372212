package import AWS
import EventLoop
package import Jobs
package import Logging

/// Why a worker cannot begin.
package enum WorkerStartError: Error, Sendable, Hashable {
  case notReady(InstallationError)
  /// SQS named the request queue in a way that reply queues cannot be compared with.
  case requestQueueURL(String)
}

extension WorkerStartError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notReady(let error): error.description
    case .requestQueueURL(let url): "the request queue's URL makes no sense: \(url)"
    }
  }
}

extension Worker {
  /// Waits until the request queue and the buckets exist, and makes a worker of them that has not started yet.
  package static func open(
    _ configuration: WorkerConfiguration, limits: WorkerLimits, s3: S3Client, sqs: SQSClient,
    models: ServedModels, logger: Logger
  ) async throws(WorkerStartError) -> Worker {
    let requestQueueURL: String
    do throws(InstallationError) {
      requestQueueURL = try await Installation.open(
        inputBucket: configuration.inputBucket, outputBucket: configuration.outputBucket, queues: configuration.queues,
        s3: s3, sqs: sqs, logger: logger, timeout: limits.startTimeout, delay: limits.startRetryDelay)
    } catch {
      throw .notReady(error)
    }
    return try Worker(
      configuration: configuration, limits: limits, requestQueueURL: requestQueueURL, s3: s3, sqs: sqs,
      models: models, logger: logger)
  }
}
