/// What `ReceiveMessage` answers.
struct ReceiveOutput: Encodable {
  struct Message: Encodable {
    var messageID: String
    var receiptHandle: String
    var bodyMD5: String
    var body: String
    var attributes: [String: String]?
    var attributesMD5: String?
    var messageAttributes: [String: MessageAttribute]?

    private enum CodingKeys: String, CodingKey {
      case messageID = "MessageId"
      case receiptHandle = "ReceiptHandle"
      case bodyMD5 = "MD5OfBody"
      case body = "Body"
      case attributes = "Attributes"
      case attributesMD5 = "MD5OfMessageAttributes"
      case messageAttributes = "MessageAttributes"
    }
  }

  var messages: [Message]

  private enum CodingKeys: String, CodingKey { case messages = "Messages" }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    if !messages.isEmpty { try values.encode(messages, forKey: .messages) }
  }
}
