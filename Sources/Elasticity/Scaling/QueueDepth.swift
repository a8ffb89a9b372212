/// How many messages a queue holds, as `GetQueueAttributes` and CloudWatch tell it. On SQS both are approximate.
package struct QueueDepth: Sendable, Equatable {
  /// Waiting to be received: `ApproximateNumberOfMessages`, in CloudWatch `ApproximateNumberOfMessagesVisible`.
  package var visible: Int
  /// Received and neither deleted nor visible again: `ApproximateNumberOfMessagesNotVisible`.
  package var inFlight: Int

  package init(visible: Int, inFlight: Int) {
    self.visible = visible
    self.inFlight = inFlight
  }
}
