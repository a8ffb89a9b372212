/// The JSON that operations on queues answer: each has some of these members.
struct SQSOutput: Encodable {
  var queueURL: String?
  var queueURLs: [String]?
  /// `ListDeadLetterSourceQueues` begins it with a small letter.
  var sourceQueueURLs: [String]?
  var nextToken: String?
  var attributes: [String: String]?
  var tags: [String: String]?
  var taskHandle: String?
  var movedCount: Int?

  private enum CodingKeys: String, CodingKey {
    case queueURL = "QueueUrl"
    case queueURLs = "QueueUrls"
    case sourceQueueURLs = "queueUrls"
    case nextToken = "NextToken"
    case attributes = "Attributes"
    case tags = "Tags"
    case taskHandle = "TaskHandle"
    case movedCount = "ApproximateNumberOfMessagesMoved"
  }
}
