/// The attributes of a queue that can be set, with SQS's defaults and ranges ("SetQueueAttributes", SQS API reference).
struct QueueAttributes: Sendable, Equatable {
  var delaySeconds = 0
  var messageByteCountMax = SQSLimits.messageByteCountMax
  var retentionSeconds = 345_600
  var receiveWaitSeconds = 0
  var visibilityTimeoutSeconds = 30
  var redrivePolicy: RedrivePolicy?
  var redriveAllowPolicy: RedriveAllowPolicy?

  init() {}

  init(_ values: [String: String]) throws(SQSError) {
    // In a fixed order, so that of two mistakes the same one is named every time.
    for (name, value) in values.sorted(by: { $0.key < $1.key }) { try set(name, to: value) }
  }

  private static let readOnly: Set<String> = [
    "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp", "LastModifiedTimestamp", "QueueArn",
  ]

  /// Names `GetQueueAttributes` takes.
  static let known: Set<String> = readOnly.union([
    "All", "DelaySeconds", "MaximumMessageSize", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout", "RedrivePolicy", "RedriveAllowPolicy", "Policy", "FifoQueue", "ContentBasedDeduplication",
    "DeduplicationScope", "FifoThroughputLimit", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
  ])

  /// - Parameter value: An empty one takes a policy away.
  mutating func set(_ name: String, to value: String) throws(SQSError) {
    switch name {
    case "DelaySeconds": delaySeconds = try number(value, name, 0...900)
    case "MaximumMessageSize": messageByteCountMax = try number(value, name, SQSLimits.messageByteCountMaxRange)
    case "MessageRetentionPeriod": retentionSeconds = try number(value, name, 60...1_209_600)
    case "ReceiveMessageWaitTimeSeconds": receiveWaitSeconds = try number(value, name, 0...20)
    case "VisibilityTimeout": visibilityTimeoutSeconds = try number(value, name, 0...43_200)
    case "RedrivePolicy": redrivePolicy = value.isEmpty ? nil : try RedrivePolicy(json: value)
    case "RedriveAllowPolicy": redriveAllowPolicy = value.isEmpty ? nil : try RedriveAllowPolicy(json: value)
    case "FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit":
      guard value == "false" else {
        throw .unsupported("\(name): FIFO queues are not supported, only standard queues are.")
      }
      throw .invalidAttributeName(name)
    case "Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled":
      // To take a policy or a key and not apply it would be a false promise.
      guard value.isEmpty || value == "false" else {
        throw .unsupported("\(name): access policies and encryption at rest are not supported.")
      }
    default: throw .invalidAttributeName(name)
    }
  }

  /// All of them, by name, as `GetQueueAttributes` shows them and as they are kept.
  var values: [String: String] {
    var values = [
      "DelaySeconds": String(delaySeconds),
      "MaximumMessageSize": String(messageByteCountMax),
      "MessageRetentionPeriod": String(retentionSeconds),
      "ReceiveMessageWaitTimeSeconds": String(receiveWaitSeconds),
      "VisibilityTimeout": String(visibilityTimeoutSeconds),
    ]
    values["RedrivePolicy"] = redrivePolicy?.json
    values["RedriveAllowPolicy"] = redriveAllowPolicy?.json
    return values
  }

  /// The first of the given attributes whose value differs, for `CreateQueue` on a queue that exists.
  func difference(from given: [String: String]) throws(SQSError) -> String? {
    for name in given.keys.sorted() {
      var other = self
      try other.set(name, to: given[name] ?? "")
      if other != self { return name }
    }
    return nil
  }

  private func number(_ text: String, _ name: String, _ range: ClosedRange<Int>) throws(SQSError) -> Int {
    guard let number = Int(text), range.contains(number) else {
      throw .invalidAttributeValue(name, "\(text) is not between \(range.lowerBound) and \(range.upperBound).")
    }
    return number
  }
}
