// The JSON of SQS's operations. Keys are written out: renaming them by a strategy costs an allocation a key.

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

  struct BatchInput<Entry: Encodable>: Encodable {
    var queueURL: String
    var entries: [Entry]

    private enum CodingKeys: String, CodingKey {
      case queueURL = "QueueUrl"
      case entries = "Entries"
    }
  }

  struct SendEntry: Encodable {
    var id: String
    var body: String
    var delaySeconds: Int?

    private enum CodingKeys: String, CodingKey {
      case id = "Id"
      case body = "MessageBody"
      case delaySeconds = "DelaySeconds"
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

  struct ReceiptEntry: Encodable {
    var id: String
    var receiptHandle: String
    var visibilityTimeoutSeconds: Int?

    private enum CodingKeys: String, CodingKey {
      case id = "Id"
      case receiptHandle = "ReceiptHandle"
      case visibilityTimeoutSeconds = "VisibilityTimeout"
    }
  }

  protocol BatchEntrySuccess: Decodable {
    var id: String { get }
  }

  struct SendSuccess: BatchEntrySuccess {
    var id: String
    var messageID: String
    var bodyMD5: String

    private enum CodingKeys: String, CodingKey {
      case id = "Id"
      case messageID = "MessageId"
      case bodyMD5 = "MD5OfMessageBody"
    }
  }

  struct ReceiptSuccess: BatchEntrySuccess {
    var id: String

    private enum CodingKeys: String, CodingKey {
      case id = "Id"
    }
  }

  struct BatchOutput<Success: BatchEntrySuccess>: Decodable {
    struct Failure: Decodable {
      var id: String
      var code: String
      var message: String?
      var isSenderFault: Bool?

      private enum CodingKeys: String, CodingKey {
        case id = "Id"
        case code = "Code"
        case message = "Message"
        case isSenderFault = "SenderFault"
      }
    }

    var successful: [Success]?
    var failed: [Failure]?

    private enum CodingKeys: String, CodingKey {
      case successful = "Successful"
      case failed = "Failed"
    }
  }

  struct ReceiveInput: Encodable {
    var queueURL: String
    var countMax: Int
    var waitSeconds: Int
    var visibilityTimeoutSeconds: Int?
    var systemAttributeNames = ["ApproximateReceiveCount", "SentTimestamp"]
    /// The older name of the same, for services that know that one only.
    var attributeNames = ["ApproximateReceiveCount", "SentTimestamp"]

    private enum CodingKeys: String, CodingKey {
      case queueURL = "QueueUrl"
      case countMax = "MaxNumberOfMessages"
      case waitSeconds = "WaitTimeSeconds"
      case visibilityTimeoutSeconds = "VisibilityTimeout"
      case systemAttributeNames = "MessageSystemAttributeNames"
      case attributeNames = "AttributeNames"
    }
  }

  struct ReceiveOutput: Decodable {
    struct Message: Decodable {
      var messageID: String
      var receiptHandle: String
      var body: String
      var bodyMD5: String
      var attributes: [String: String]?

      private enum CodingKeys: String, CodingKey {
        case messageID = "MessageId"
        case receiptHandle = "ReceiptHandle"
        case body = "Body"
        case bodyMD5 = "MD5OfBody"
        case attributes = "Attributes"
      }
    }

    var messages: [Message]?

    private enum CodingKeys: String, CodingKey {
      case messages = "Messages"
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
