/// Which queues a worker answers to: those of its own deployment, at its own endpoint, in its own account.
///
/// Jobs come from a queue that more than our web tier may write to. Without this rule whoever can send a job could
/// have a worker's credentials write to any queue that they reach.
package struct ReplyQueuePolicy: Sendable {
  private let requestQueue: QueueURL
  private let names: QueueNames

  /// - Parameter requestQueueURL: of the queue that the worker takes its jobs from, as its own endpoint named it.
  package init(requestQueueURL: String, names: QueueNames) throws(QueueURL.Malformed) {
    self.requestQueue = try QueueURL(requestQueueURL)
    self.names = names
  }

  package func allows(_ replyTo: String) -> Bool {
    guard let queue = try? QueueURL(replyTo) else { return false }
    return queue.scheme == requestQueue.scheme && queue.host == requestQueue.host && queue.port == requestQueue.port
      && queue.accountPath == requestQueue.accountPath && names.isReplyQueue(queue.name)
  }
}
