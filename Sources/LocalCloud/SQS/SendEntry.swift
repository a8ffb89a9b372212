/// A message to send: the input of `SendMessage`, and an entry of `SendMessageBatch`'s.
struct SendEntry: Decodable {
  var id: String?
  var queueURL: String?
  var body: String?
  var delaySeconds: Int?
  var attributes: [String: MessageAttribute]?
  var systemAttributes: [String: MessageAttribute]?
  var deduplicationID: String?
  var groupID: String?

  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case queueURL = "QueueUrl"
    case body = "MessageBody"
    case delaySeconds = "DelaySeconds"
    case attributes = "MessageAttributes"
    case systemAttributes = "MessageSystemAttributes"
    case deduplicationID = "MessageDeduplicationId"
    case groupID = "MessageGroupId"
  }

  /// What it counts towards the size of a batch, before anything is checked.
  var byteCount: Int {
    (attributes ?? [:]).reduce(body?.utf8.count ?? 0) {
      $0 + $1.key.utf8.count + $1.value.type.utf8.count + $1.value.value.count
    }
  }

  /// What the message says, if it may be said.
  /// - Parameter byteCountMax: The queue's `MaximumMessageSize`.
  func contents(byteCountMax: Int) throws(SQSError) -> MessageContents {
    guard let body else { throw .missingParameter("MessageBody") }
    guard !body.isEmpty else { throw .invalidParameter("The request must contain a non-empty MessageBody.") }
    guard deduplicationID == nil else { throw SendEntry.needsFIFO("MessageDeduplicationId") }
    guard groupID == nil else { throw SendEntry.needsFIFO("MessageGroupId") }
    if let delaySeconds, !(0...900).contains(delaySeconds) {
      throw .invalidParameter(
        delaySeconds, for: "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
    }
    guard MessageText.isValid(body) else { throw .invalidMessageContents }
    let contents = MessageContents(
      id: .random(), body: body, attributes: try validAttributes(), traceHeader: try validTraceHeader())
    guard contents.byteCount <= byteCountMax else {
      throw .invalidParameter(
        "One or more parameters are invalid. Reason: Message must be shorter than \(byteCountMax) bytes.")
    }
    return contents
  }

  private func validAttributes() throws(SQSError) -> [String: MessageAttribute] {
    guard let attributes else { return [:] }
    guard attributes.count <= SQSLimits.attributeCountMax else {
      throw .invalidParameter(
        "Number of message attributes [\(attributes.count)] exceeds the allowed maximum [\(SQSLimits.attributeCountMax)]."
      )
    }
    for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) { try attribute.validate(named: name) }
    return attributes
  }

  private func validTraceHeader() throws(SQSError) -> String? {
    guard let systemAttributes else { return nil }
    for name in systemAttributes.keys.sorted() where name != "AWSTraceHeader" {
      throw .invalidParameter(name, for: "MessageSystemAttributes", "Only AWSTraceHeader can be sent.")
    }
    guard let header = systemAttributes["AWSTraceHeader"] else { return nil }
    guard header.type == "String", let value = header.stringValue, !value.isEmpty, MessageText.isValid(value) else {
      throw .invalidParameter("The message system attribute 'AWSTraceHeader' must be a non-empty String.")
    }
    return value
  }

  private static func needsFIFO(_ name: String) -> SQSError {
    .invalidParameter("The request include parameter that is not valid for this queue type: \(name).")
  }
}
