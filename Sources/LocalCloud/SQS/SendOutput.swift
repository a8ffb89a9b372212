/// What `SendMessage` answers, and `SendMessageBatch` for each entry.
struct SendOutput: Encodable {
  var id: String?
  var messageID: String
  var bodyMD5: String
  var attributesMD5: String?
  var systemAttributesMD5: String?

  init(id: String? = nil, _ contents: MessageContents) {
    self.id = id
    messageID = contents.id.text
    bodyMD5 = contents.bodyMD5
    attributesMD5 = MessageAttributeDigest.md5(of: contents.attributes)
    systemAttributesMD5 = contents.traceHeader.flatMap {
      MessageAttributeDigest.md5(of: ["AWSTraceHeader": MessageAttribute(dataType: "String", stringValue: $0)])
    }
  }

  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case messageID = "MessageId"
    case bodyMD5 = "MD5OfMessageBody"
    case attributesMD5 = "MD5OfMessageAttributes"
    case systemAttributesMD5 = "MD5OfMessageSystemAttributes"
  }
}
