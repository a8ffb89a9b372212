/// The JSON that operations take: each takes some of these members. All are optional here: what is missing gets SQS's
/// own error, not a decoder's.
struct SQSInput: Decodable {
  var queueURL: String?
  var queueName: String?
  var ownerAccount: String?
  var attributes: [String: String]?
  var attributeNames: [String]?
  var creationTags: [String: String]?
  var tags: [String: String]?
  var tagKeys: [String]?
  var namePrefix: String?
  var nextToken: String?
  var resultCountMax: Int?

  var countMax: Int?
  var waitSeconds: Int?
  var visibilityTimeout: Int?
  var systemAttributeNames: [String]?
  var messageAttributeNames: [String]?
  var receiveAttemptID: String?
  var receiptHandle: String?

  var sourceARN: String?
  var destinationARN: String?
  var messagesPerSecondMax: Int?
  var taskHandle: String?

  private enum CodingKeys: String, CodingKey {
    case queueURL = "QueueUrl"
    case queueName = "QueueName"
    case ownerAccount = "QueueOwnerAWSAccountId"
    case attributes = "Attributes"
    case attributeNames = "AttributeNames"
    // The one member of CreateQueue that begins with a small letter.
    case creationTags = "tags"
    case tags = "Tags"
    case tagKeys = "TagKeys"
    case namePrefix = "QueueNamePrefix"
    case nextToken = "NextToken"
    case resultCountMax = "MaxResults"
    case countMax = "MaxNumberOfMessages"
    case waitSeconds = "WaitTimeSeconds"
    case visibilityTimeout = "VisibilityTimeout"
    case systemAttributeNames = "MessageSystemAttributeNames"
    case messageAttributeNames = "MessageAttributeNames"
    case receiveAttemptID = "ReceiveRequestAttemptId"
    case receiptHandle = "ReceiptHandle"
    case sourceARN = "SourceArn"
    case destinationARN = "DestinationArn"
    case messagesPerSecondMax = "MaxNumberOfMessagesPerSecond"
    case taskHandle = "TaskHandle"
  }
}
