extension SQSClient {
  /// Creates a queue, or finds the one of that name if its attributes are the same (`QueueNameExists` if not).
  ///
  /// - Returns: the queue's URL.
  package func createQueue(
    _ name: String, attributes: [String: String] = [:], tags: [String: String] = [:]
  ) async throws(AWSError) -> String {
    var input = QueueInput(name: name)
    if !attributes.isEmpty { input.attributes = attributes }
    if !tags.isEmpty { input.creationTags = tags }
    return try url(in: try await call("CreateQueue", input), of: "CreateQueue")
  }

  /// The URL of a queue of this account; `isQueueMissing` when there is none.
  package func queueURL(of name: String) async throws(AWSError) -> String {
    try url(in: try await call("GetQueueUrl", QueueInput(name: name)), of: "GetQueueUrl")
  }

  package func deleteQueue(_ queueURL: String) async throws(AWSError) {
    _ = try await call("DeleteQueue", QueueInput(queueURL: queueURL), returning: Nothing.self)
  }

  /// - Parameter names: of attributes, such as `ApproximateNumberOfMessages`; `All` for all.
  package func queueAttributes(
    of queueURL: String, _ names: [String] = ["All"]
  ) async throws(AWSError) -> [String: String] {
    let input = QueueInput(queueURL: queueURL, attributeNames: names)
    return try await call("GetQueueAttributes", input, returning: QueueOutput.self).attributes ?? [:]
  }

  package func setQueueAttributes(_ attributes: [String: String], of queueURL: String) async throws(AWSError) {
    let input = QueueInput(queueURL: queueURL, attributes: attributes)
    _ = try await call("SetQueueAttributes", input, returning: Nothing.self)
  }

  /// One page of queues.
  package struct QueuePage: Sendable {
    package var queueURLs: [String]
    /// Where the next page begins; nil on the last.
    package var nextToken: String?
  }

  /// - Parameter countMax: 1 to 1000.
  package func listQueues(
    prefix: String = "", nextToken: String? = nil, countMax: Int = 1000
  ) async throws(AWSError) -> QueuePage {
    guard (1...1000).contains(countMax) else { throw .invalidArgument("a page has 1 to 1000 queues") }
    let input = QueueInput(namePrefix: prefix.nonEmpty, nextToken: nextToken, countMax: countMax)
    let output = try await call("ListQueues", input, returning: QueueOutput.self)
    return QueuePage(queueURLs: output.queueURLs ?? [], nextToken: output.nextToken?.nonEmpty)
  }

  /// Deletes every message. AWS allows it once a minute.
  package func purgeQueue(_ queueURL: String) async throws(AWSError) {
    _ = try await call("PurgeQueue", QueueInput(queueURL: queueURL), returning: Nothing.self)
  }

  package func tagQueue(_ queueURL: String, _ tags: [String: String]) async throws(AWSError) {
    _ = try await call("TagQueue", QueueInput(queueURL: queueURL, tags: tags), returning: Nothing.self)
  }

  package func queueTags(_ queueURL: String) async throws(AWSError) -> [String: String] {
    try await call("ListQueueTags", QueueInput(queueURL: queueURL), returning: QueueOutput.self).tags ?? [:]
  }

  private func url(in output: QueueOutput, of operation: String) throws(AWSError) -> String {
    guard let url = output.queueURL?.nonEmpty else { throw .malformedResponse(operation: operation, "no QueueUrl") }
    return url
  }
}
