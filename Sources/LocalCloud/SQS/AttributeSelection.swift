/// Which attributes of its messages a receiver asked for.
struct AttributeSelection: Sendable {
  private static let system: Set<String> = [
    "All", "SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp",
    "SequenceNumber", "MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn",
  ]

  private let system: Set<String>
  private let isEverySystemAttribute: Bool
  private let names: Set<String>
  private let prefixes: [String]

  /// - Parameters:
  ///   - systemNames: `AttributeNames`, the older name, and `MessageSystemAttributeNames` together.
  ///   - messageNames: `MessageAttributeNames`: names, `All` or `.*` for all, `prefix.*` for all that begin so.
  init(systemNames: [String], messageNames: [String]) throws(SQSError) {
    for name in systemNames where !AttributeSelection.system.contains(name) { throw .invalidAttributeName(name) }
    system = Set(systemNames)
    isEverySystemAttribute = system.contains("All")
    names = Set(messageNames)
    prefixes = messageNames.compactMap { name in
      name == "All" ? "" : name.hasSuffix(".*") ? String(name.dropLast(2)) : nil
    }
  }

  func system(_ message: QueuedMessage, _ contents: MessageContents, account: String) -> [String: String]? {
    if system.isEmpty { return nil }
    var values: [String: String] = [:]
    func add(_ name: String, _ value: @autoclosure () -> String?) {
      if isEverySystemAttribute || system.contains(name) { values[name] = value() }
    }
    add("SenderId", account)
    add("SentTimestamp", String(message.sentAt.milliseconds))
    add("ApproximateReceiveCount", String(message.receiveCount))
    add("ApproximateFirstReceiveTimestamp", message.firstReceivedAt.map { String($0.milliseconds) })
    add("AWSTraceHeader", contents.traceHeader)
    add("DeadLetterQueueSourceArn", contents.deadLetterSource)
    return values.isEmpty ? nil : values
  }

  func message(_ contents: MessageContents) -> [String: MessageAttribute]? {
    if contents.attributes.isEmpty || names.isEmpty { return nil }
    let selected = contents.attributes.filter { name, _ in
      names.contains(name) || prefixes.contains { name.hasPrefix($0) }
    }
    return selected.isEmpty ? nil : selected
  }
}
