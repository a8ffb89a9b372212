/// What `ListMessageMoveTasks` answers.
struct MoveTaskList: Encodable {
  struct Entry: Encodable {
    /// Only of a task that can be cancelled.
    var taskHandle: String?
    var status: String
    var sourceARN: String
    var destinationARN: String?
    var messagesPerSecondMax: Int?
    var movedCount: Int
    var toMoveCount: Int
    var failureReason: String?
    var startedAt: Int64

    private enum CodingKeys: String, CodingKey {
      case taskHandle = "TaskHandle"
      case status = "Status"
      case sourceARN = "SourceArn"
      case destinationARN = "DestinationArn"
      case messagesPerSecondMax = "MaxNumberOfMessagesPerSecond"
      case movedCount = "ApproximateNumberOfMessagesMoved"
      case toMoveCount = "ApproximateNumberOfMessagesToMove"
      case failureReason = "FailureReason"
      case startedAt = "StartedTimestamp"
    }
  }

  var results: [Entry]

  private enum CodingKeys: String, CodingKey { case results = "Results" }
}
