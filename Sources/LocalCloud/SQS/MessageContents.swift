import AWS

/// What a message says: everything that its queue need not know to hand it on.
struct MessageContents: Sendable {
  var id: MessageID
  var body: String
  var attributes: [String: MessageAttribute] = [:]
  /// The system attribute `AWSTraceHeader`.
  var traceHeader: String?
  /// The ARN of the queue it was received from too often.
  var deadLetterSource: String?

  var bodyMD5: String { Hexadecimal.encode(MessageDigest.md5.hash(body)) }

  /// What counts towards the size limits: the body, and names, types and values of the attributes.
  var byteCount: Int {
    attributes.reduce(body.utf8.count) { $0 + $1.key.utf8.count + $1.value.type.utf8.count + $1.value.value.count }
  }
}
