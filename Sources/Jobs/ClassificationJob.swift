import AWS
package import FoundationEssentials

/// One image to be classified: what the web tier puts into the request queue and a worker takes out.
///
/// The module is what the tiers say to each other: jobs, answers, and the names of objects and queues. It promises
/// that whatever it decodes is well formed and bounded, since queues are open to more writers than ours, and that what
/// it encodes is fit for SQS and S3. It does no I/O and knows neither tier.
package struct ClassificationJob: Sendable, Hashable {
  package let id: JobID
  package let bucket: String
  package let key: ObjectKey
  /// The image's name as the client gave it, for the answer; cut at ``nameByteCountMax``.
  package let name: String
  /// The URL of the queue that the answer is to go to. Not to be trusted before ``ReplyQueuePolicy`` has seen it.
  package let replyTo: String
  /// When the web tier had received the image; kept to the millisecond.
  package let receivedAt: Date
  /// Of the HTTP request that brought it, for the worker's log lines and the answer.
  package let requestID: RequestID?
  /// Which model the client asked for; nil for the worker's default.
  package let model: ModelName?

  package static let nameByteCountMax = 1024
  /// The version of the message format that is written, and the only one that is read.
  package static let version = 1

  package init(
    key: ObjectKey, bucket: String, name: String, replyTo: String, receivedAt: Date, requestID: RequestID? = nil,
    model: ModelName? = nil
  ) {
    self.id = key.id
    self.bucket = bucket
    self.key = key
    self.name = name.cut(toByteCount: Self.nameByteCountMax)
    self.replyTo = replyTo
    self.receivedAt = receivedAt
    self.requestID = requestID
    self.model = model
  }

  /// The message body, JSON.
  /// - Throws: ``JobMessageError/tooLarge(byteCountMax:)`` when the bucket or the queue URL is out of all proportion.
  package func encoded() throws(JobMessageError) -> [UInt8] {
    var writer = JSONWriter(byteCapacity: 512)
    writer.beginObject()
    writer.member("bucket", bucket)
    writer.member("id", id.description)
    writer.member("key", key.description)
    if let model { writer.member("model", model.description) }
    writer.member("name", name)
    writer.member("receivedAt", Timestamp.string(from: receivedAt))
    writer.member("replyTo", replyTo)
    if let requestID { writer.member("requestId", requestID.description) }
    writer.member("v", Self.version)
    writer.endObject()
    return try JobMessageCoder.checked(writer.bytes)
  }

  /// Reads a message body. Members it does not know are ignored.
  package init(decoding body: some Collection<UInt8>) throws(JobMessageError) {
    self = try JobMessageCoder.decode(Self.self, from: body)
  }
}

extension ClassificationJob: Decodable {
  private enum CodingKeys: String, CodingKey {
    case version = "v"
    case id, bucket, key, model, name, replyTo, receivedAt
    case requestID = "requestId"
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try container.checkVersion(Self.version, forKey: .version)
    id = try container.decode(JobID.self, forKey: .id)
    bucket = try container.decode(String.self, forKey: .bucket)
    key = try container.decode(ObjectKey.self, forKey: .key)
    name = try container.decode(String.self, forKey: .name).cut(toByteCount: Self.nameByteCountMax)
    replyTo = try container.decode(String.self, forKey: .replyTo)
    let timestamp = try container.decode(String.self, forKey: .receivedAt)
    guard let date = Timestamp.date(from: timestamp) else {
      throw DecodingError.dataCorruptedError(
        forKey: .receivedAt, in: container, debugDescription: "it is not an RFC 3339 time in UTC")
    }
    receivedAt = date
    requestID = container.decodeRequestID(forKey: .requestID)
    // One that cannot be a name is not taken for the default: the answer would be another model's than was asked for.
    model = try container.decodeIfPresent(ModelName.self, forKey: .model)
    guard key.id == id else {
      throw DecodingError.dataCorruptedError(forKey: .key, in: container, debugDescription: "it is another job's")
    }
  }
}
