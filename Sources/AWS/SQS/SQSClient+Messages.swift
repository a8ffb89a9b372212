import FoundationEssentials

extension SQSClient {
  /// Sends a message.
  ///
  /// - Returns: the message's id.
  @discardableResult
  package func sendMessage(_ message: SQSOutgoingMessage, to queueURL: String) async throws(AWSError) -> String {
    let output = try await call(
      "SendMessage",
      SendInput(queueURL: queueURL, body: message.body, delaySeconds: message.delay.map(Self.seconds)),
      returning: SendOutput.self)
    guard output.bodyMD5 == Self.md5(message.body) else { throw .checksumMismatch(operation: "SendMessage") }
    return output.messageID
  }

  /// Sends up to ten messages, together at most `batchByteCountMax` bytes.
  ///
  /// - Returns: for each in order its id, or why this one failed.
  package func sendMessages(
    _ messages: [SQSOutgoingMessage], to queueURL: String
  ) async throws(AWSError) -> [Result<String, SQSEntryFailure>] {
    try Self.checkBatch(count: messages.count)
    let output = try await call(
      "SendMessageBatch", document: Self.document(sending: messages, to: queueURL), read: BatchOutput.init)
    return try results(of: output, count: messages.count, operation: "SendMessageBatch") { index, success in
      guard success.bodyMD5 == Self.md5(messages[index].body) else {
        return .failure(
          SQSEntryFailure(code: "ChecksumMismatch", message: "the MD5 of the body differs", isSenderFault: false))
      }
      return .success(success.messageID)
    }
  }

  /// Receives up to ten messages, waiting up to `wait` for the first. Ends at once when the task is cancelled; messages
  /// that were on their way then come again after the visibility timeout.
  ///
  /// - Parameters:
  ///   - wait: up to 20 s; zero asks and does not wait.
  ///   - visibilityTimeout: nil for the queue's own.
  package func receiveMessages(
    from queueURL: String, countMax: Int = SQSClient.batchEntryCountMax, wait: Duration = SQSClient.waitMax,
    visibilityTimeout: Duration? = nil
  ) async throws(AWSError) -> [SQSMessage] {
    guard (1...Self.batchEntryCountMax).contains(countMax) else { throw .invalidArgument("1 to 10 messages at once") }
    let document = Self.document(
      receivingFrom: queueURL, countMax: countMax, wait: wait, visibilityTimeout: visibilityTimeout)
    let received = try await call("ReceiveMessage", document: document, wait: wait, read: ReceivedMessage.all)
    return try received.map { received throws(AWSError) in
      guard received.bodyMD5 == Self.md5(received.message.body) else {
        throw .checksumMismatch(operation: "ReceiveMessage")
      }
      return received.message
    }
  }

  package func deleteMessage(_ receiptHandle: String, from queueURL: String) async throws(AWSError) {
    _ = try await call(
      "DeleteMessage", ReceiptInput(queueURL: queueURL, receiptHandle: receiptHandle), returning: Nothing.self)
  }

  /// Deletes up to ten messages.
  ///
  /// - Returns: for each in order, whether it was.
  package func deleteMessages(
    _ receiptHandles: [String], from queueURL: String
  ) async throws(AWSError) -> [Result<Void, SQSEntryFailure>] {
    try Self.checkBatch(count: receiptHandles.count)
    let output = try await call(
      "DeleteMessageBatch", document: Self.document(ofReceipts: receiptHandles, in: queueURL), read: BatchOutput.init)
    return try results(of: output, count: receiptHandles.count, operation: "DeleteMessageBatch") { _, _ in
      .success(())
    }
  }

  /// Makes a message invisible for `timeout` from now, up to 12 h; zero gives it back at once.
  package func changeVisibility(
    of receiptHandle: String, to timeout: Duration, in queueURL: String
  ) async throws(AWSError) {
    _ = try await call(
      "ChangeMessageVisibility",
      ReceiptInput(queueURL: queueURL, receiptHandle: receiptHandle, visibilityTimeoutSeconds: Self.seconds(timeout)),
      returning: Nothing.self)
  }

  /// `changeVisibility` for up to ten messages.
  package func changeVisibility(
    of receiptHandles: [String], to timeout: Duration, in queueURL: String
  ) async throws(AWSError) -> [Result<Void, SQSEntryFailure>] {
    let operation = "ChangeMessageVisibilityBatch"
    try Self.checkBatch(count: receiptHandles.count)
    let document = Self.document(ofReceipts: receiptHandles, visibilityTimeout: timeout, in: queueURL)
    let output = try await call(operation, document: document, read: BatchOutput.init)
    return try results(of: output, count: receiptHandles.count, operation: operation) { _, _ in .success(()) }
  }

  private static func checkBatch(count: Int) throws(AWSError) {
    guard (1...batchEntryCountMax).contains(count) else { throw .invalidArgument("a batch has 1 to 10 entries") }
  }

  /// The answers in the order of the entries: the service gives them in any order, by the ids they were sent with.
  private func results<Value>(
    of output: BatchOutput, count: Int, operation: String,
    _ value: (Int, BatchOutput.Success) -> Result<Value, SQSEntryFailure>
  ) throws(AWSError) -> [Result<Value, SQSEntryFailure>] {
    var results = [Result<Value, SQSEntryFailure>?](repeating: nil, count: count)
    for success in output.successes {
      guard let index = Int(success.id), results.indices.contains(index) else { continue }
      results[index] = value(index, success)
    }
    for (id, failure) in output.failures {
      guard let index = Int(id), results.indices.contains(index) else { continue }
      results[index] = .failure(failure)
    }
    let known = results.compactMap { $0 }
    guard known.count == count else { throw .malformedResponse(operation: operation, "entries are missing") }
    return known
  }

  /// SQS counts whole seconds.
  static func seconds(_ duration: Duration) -> Int { max(0, (duration.wholeMilliseconds + 999) / 1000) }

  private static func md5(_ body: String) -> String {
    MessageDigest.md5.withHash(body.utf8.span) { Hexadecimal.encode($0) }
  }
}
