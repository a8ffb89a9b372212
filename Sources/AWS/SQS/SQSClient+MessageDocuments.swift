import FoundationEssentials

// The JSON of what is sent and received for every image, ten messages at a time, by hand: see ``JSONWriter`` and
// ``JSONReader``.

extension SQSClient {
  static func document(sending messages: [SQSOutgoingMessage], to queueURL: String) -> [UInt8] {
    // A body in JSON has quotation marks to escape; more of them than this make the array grow, which is no harm.
    let byteCount = messages.reduce(0) { $0 + $1.body.utf8.count * 5 / 4 }
    return batch(of: messages, byteCount: byteCount, in: queueURL) { writer, message in
      writer.member("MessageBody", message.body)
      if let delay = message.delay { writer.member("DelaySeconds", seconds(delay)) }
    }
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

  /// - Parameter visibilityTimeout: nil to delete the messages.
  static func document(
    ofReceipts receiptHandles: [String], visibilityTimeout: Duration? = nil, in queueURL: String
  ) -> [UInt8] {
    let byteCount = receiptHandles.reduce(0) { $0 + $1.utf8.count }
    return batch(of: receiptHandles, byteCount: byteCount, in: queueURL) { writer, receiptHandle in
      writer.member("ReceiptHandle", receiptHandle)
      if let visibilityTimeout { writer.member("VisibilityTimeout", seconds(visibilityTimeout)) }
    }
  }

  /// A batch's input; each entry's id is its place.
  /// - Parameters:
  ///   - byteCount: of what the entries hold, about.
  ///   - members: writes an entry's members behind its id.
  private static func batch<Entry>(
    of entries: [Entry], byteCount: Int, in queueURL: String, _ members: (inout JSONWriter, Entry) -> Void
  ) -> [UInt8] {
    var writer = JSONWriter(byteCapacity: 128 + entries.count * 96 + byteCount)
    writer.beginObject()
    writer.member("QueueUrl", queueURL)
    writer.name("Entries")
    writer.beginArray()
    for (index, entry) in entries.enumerated() {
      writer.beginObject()
      writer.member("Id", String(index))
      members(&writer, entry)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }
}

extension SQSClient {
  /// What became of the entries of a batch, in the service's order.
  struct BatchOutput {
    struct Success {
      var id = ""
      /// Of messages sent.
      var messageID = ""
      var bodyMD5 = ""
    }

    var successes: [Success] = []
    var failures: [(id: String, failure: SQSEntryFailure)] = []

    init(_ reader: inout JSONReader) throws(JSONReader.Failure) {
      var (successes, failures): ([Success], [(String, SQSEntryFailure)]) = ([], [])
      try reader.object { (reader, name) throws(JSONReader.Failure) in
        if reader.null() { return }
        switch name {
        case "Successful":
          try reader.array { reader throws(JSONReader.Failure) in successes.append(try Self.success(&reader)) }
        case "Failed":
          try reader.array { reader throws(JSONReader.Failure) in failures.append(try Self.failure(&reader)) }
        default: try reader.skip()
        }
      }
      self.successes = successes
      self.failures = failures
    }

    private static func success(_ reader: inout JSONReader) throws(JSONReader.Failure) -> Success {
      var success = Success()
      try reader.object { (reader, name) throws(JSONReader.Failure) in
        switch name {
        case "Id": success.id = try reader.string()
        case "MessageId": success.messageID = try reader.string()
        case "MD5OfMessageBody": success.bodyMD5 = try reader.string()
        default: try reader.skip()
        }
      }
      return success
    }

    private static func failure(_ reader: inout JSONReader) throws(JSONReader.Failure) -> (String, SQSEntryFailure) {
      var id = ""
      var failure = SQSEntryFailure(code: "", message: "", isSenderFault: false)
      try reader.object { (reader, name) throws(JSONReader.Failure) in
        if reader.null() { return }
        switch name {
        case "Id": id = try reader.string()
        case "Code": failure.code = try reader.string()
        case "Message": failure.message = try reader.string()
        case "SenderFault": failure.isSenderFault = try reader.boolean()
        default: try reader.skip()
        }
      }
      return (id, failure)
    }
  }

  /// A message as it came, and the MD5 it should have.
  struct ReceivedMessage {
    var message = SQSMessage(messageID: "", receiptHandle: "", body: "", receiveCount: 0)
    var bodyMD5 = ""

    init(_ reader: inout JSONReader) throws(JSONReader.Failure) {
      var (message, bodyMD5) = (message, bodyMD5)
      var hasBody = false
      try reader.object { (reader, name) throws(JSONReader.Failure) in
        switch name {
        case "MessageId": message.messageID = try reader.string()
        case "ReceiptHandle": message.receiptHandle = try reader.string()
        case "MD5OfBody": bodyMD5 = try reader.string()
        case "Body":
          message.body = try reader.string()
          hasBody = true
        case "Attributes":
          if reader.null() { return }
          try reader.object { (reader, name) throws(JSONReader.Failure) in
            switch name {
            case "ApproximateReceiveCount": message.receiveCount = Int(try reader.string()) ?? 0
            case "SentTimestamp":
              let milliseconds = Int(try reader.string())
              message.sentAt = milliseconds.map { Date(timeIntervalSince1970: Double($0) / 1000) }
            default: try reader.skip()
            }
          }
        default: try reader.skip()
        }
      }
      guard hasBody, !message.receiptHandle.isEmpty else {
        throw reader.failure("a message without body or receipt handle")
      }
      (self.message, self.bodyMD5) = (message, bodyMD5)
    }

    static func all(_ reader: inout JSONReader) throws(JSONReader.Failure) -> [ReceivedMessage] {
      var messages: [ReceivedMessage] = []
      try reader.object { (reader, name) throws(JSONReader.Failure) in
        if reader.null() { return }
        guard case "Messages" = name else { return try reader.skip() }
        try reader.array { reader throws(JSONReader.Failure) in messages.append(try ReceivedMessage(&reader)) }
      }
      return messages
    }
  }
}
