package import Jobs

/// Whose jobs a worker does, and where images and results are.
package struct WorkerConfiguration: Sendable {
  /// The only bucket that images are read from: a job that names another is refused, since the queue may have more
  /// writers than our web tier and the worker's credentials more readers' rights than it needs.
  package var inputBucket: String
  package var outputBucket: String
  package var queues: QueueNames
  /// What answers call this worker, for people who look for one that misbehaves.
  package var workerName: String

  package init(inputBucket: String, outputBucket: String, queues: QueueNames, workerName: String) {
    self.inputBucket = inputBucket
    self.outputBucket = outputBucket
    self.queues = queues
    self.workerName = workerName
  }
}
