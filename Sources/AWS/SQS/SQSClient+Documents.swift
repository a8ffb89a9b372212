// The JSON of SQS's rarer operations. Keys are written out: renaming them by a strategy costs an allocation a key.

extension SQSClient {
  struct SendInput: Encodable {
    var queueURL: String
    var body: String
    var delaySeconds: Int?

    private enum CodingKeys: String, CodingKey {
      case queueURL = "QueueUrl"
      case body = "MessageBody"
      case delaySeconds = "DelaySeconds"
    }
  }

  struct SendOutput: Decodable {
    var messageID: String
    var bodyMD5: String

    private enum CodingKeys: String, CodingKey {
      case messageID = "MessageId"
      case bodyMD5 = "MD5OfMessageBody"
    }
  }

  struct ReceiptInput: Encodable {
    var queueURL: String
    var receiptHandle: String
    var visibilityTimeoutSeconds: Int?

    private enum CodingKeys: String, CodingKey {
      case queueURL = "QueueUrl"
      case receiptHandle = "ReceiptHandle"
      case visibilityTimeoutSeconds = "VisibilityTimeout"
    }
  }

  /// The input of every operation on queues: each takes some of these.
  struct QueueInput: Encodable {
    var queueURL: String?
    var name: String?
    var attributes: [String: String]?
    var attributeNames: [String]?
    var creationTags: [String: String]?
    var tags: [String: String]?
    var namePrefix: String?
    var nextToken: String?
    var countMax: Int?

    private enum CodingKeys: String, CodingKey {
      case queueURL = "QueueUrl"
      case name = "QueueName"
      case attributes = "Attributes"
      case attributeNames = "AttributeNames"
      // The one member of the API that begins with a small letter.
      case creationTags = "tags"
      case tags = "Tags"
      case namePrefix = "QueueNamePrefix"
      case nextToken = "NextToken"
      case countMax = "MaxResults"
    }
  }

  struct QueueOutput: Decodable {
    var queueURL: String?
    var queueURLs: [String]?
    var nextToken: String?
    var attributes: [String: String]?
    var tags: [String: String]?

    private enum CodingKeys: String, CodingKey {
      case queueURL = "QueueUrl"
      case queueURLs = "QueueUrls"
      case nextToken = "NextToken"
      case attributes = "Attributes"
      case tags = "Tags"
    }
  }

  /// The output of an operation that has none.
  struct Nothing: Codable {}
}
