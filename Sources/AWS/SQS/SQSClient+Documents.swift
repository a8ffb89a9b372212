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

// What is written for every image, by hand: see ``JSONWriter``.
extension SQSClient {
  static func document(sending messages: [SQSOutgoingMessage], to queueURL: String) -> [UInt8] {
    // An entry's frame, and some escapes; more of them make the array grow, which is no harm.
    let byteCount = messages.reduce(128) { $0 + 96 + $1.body.utf8.count * 5 / 4 }
    var writer = JSONWriter(byteCapacity: byteCount)
    writer.beginObject()
    writer.member("QueueUrl", queueURL)
    writer.name("Entries")
    writer.beginArray()
    for (index, message) in messages.enumerated() {
      writer.beginObject()
      writer.member("Id", String(index))
      writer.member("MessageBody", message.body)
      if let delay = message.delay { writer.member("DelaySeconds", seconds(delay)) }
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }

  static func document(
    receivingFrom queueURL: String, countMax: Int, wait: Duration, visibilityTimeout: Duration?
  ) -> [UInt8] {
    var writer = JSONWriter(byteCapacity: 384)
    writer.beginObject()
    writer.member("QueueUrl", queueURL)
    writer.member("MaxNumberOfMessages", countMax)
    writer.member("WaitTimeSeconds", seconds(wait))
    if let visibilityTimeout { writer.member("VisibilityTimeout", seconds(visibilityTimeout)) }
    // The second is the older name of the same, for services that know that one only.
    for name: StaticString in ["MessageSystemAttributeNames", "AttributeNames"] {
      writer.name(name)
      writer.beginArray()
      writer.string("ApproximateReceiveCount")
      writer.string("SentTimestamp")
      writer.endArray()
    }
    writer.endObject()
    return writer.bytes
  }

  static func document(deleting receiptHandles: [String], from queueURL: String) -> [UInt8] {
    var writer = JSONWriter(byteCapacity: receiptHandles.reduce(128) { $0 + 64 + $1.utf8.count })
    writer.beginObject()
    writer.member("QueueUrl", queueURL)
    writer.name("Entries")
    writer.beginArray()
    for (index, receiptHandle) in receiptHandles.enumerated() {
      writer.beginObject()
      writer.member("Id", String(index))
      writer.member("ReceiptHandle", receiptHandle)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }
}
