extension SQSService {
  // MARK: Sending

  func sendMessage(_ entry: SendEntry) async throws(SQSError) -> SendOutput {
    let queue = try queue(at: entry.queueURL)
    let contents = try entry.contents(byteCountMax: queue.attributes.messageByteCountMax)
    try await send([(contents, entry.delaySeconds)], to: queue)
    return SendOutput(contents)
  }

  func sendMessageBatch(_ input: BatchInput<SendEntry>) async throws(SQSError) -> BatchOutput<SendOutput> {
    let queue = try queue(at: input.queueURL)
    let entries = try checked(input.entries, \.id)
    var output = BatchOutput<SendOutput>()
    var messages: [(MessageContents, Int?)] = []
    var byteCount = 0
    for (id, entry) in entries {
      byteCount += entry.byteCount
      do throws(SQSError) {
        let contents = try entry.contents(byteCountMax: queue.attributes.messageByteCountMax)
        messages.append((contents, entry.delaySeconds))
        output.successful.append(SendOutput(id: id, contents))
      } catch {
        output.fail(id, error)
      }
    }
    guard byteCount <= SQSLimits.messageByteCountMax else {
      throw .batch(
        "BatchRequestTooLong",
        "Batch requests cannot be longer than \(SQSLimits.messageByteCountMax) bytes. "
          + "You have sent \(byteCount) bytes.")
    }
    if !messages.isEmpty { try await send(messages, to: queue) }
    return output
  }

  /// Returns when the messages are on disk and in the queue.
  private func send(_ contents: [(MessageContents, delaySeconds: Int?)], to queue: SQSQueue) async throws(SQSError) {
    let now = clock.now()
    let messages = contents.map { contents, delaySeconds in
      let delay = delaySeconds ?? queue.attributes.delaySeconds
      return (
        QueuedMessage(
          sequence: store.nextSequence(), sentAt: now,
          state: delay > 0 ? .delayed(until: now + .seconds(delay)) : .visible), contents
      )
    }
    try await store.insert(messages, into: queue.id)
    let isDeleted = queue.isDeleted
    queue.add(messages.map(\.0))
    if isDeleted { throw .queueDoesNotExist }
  }

  // MARK: Receiving

  /// - Returns: The answer's JSON. It is written here, so that nothing can go wrong after the messages are taken.
  func receiveMessage(_ input: SQSInput) async throws(SQSError) -> [UInt8] {
    let queue = try queue(input)
    let selection = try AttributeSelection(
      systemNames: (input.attributeNames ?? []) + (input.systemAttributeNames ?? []),
      messageNames: input.messageAttributeNames ?? [])
    let countMax = try checked(input.countMax ?? 1, "MaxNumberOfMessages", 1...SQSLimits.batchEntryCountMax)
    let wait = try checked(input.waitSeconds ?? queue.attributes.receiveWaitSeconds, "WaitTimeSeconds", 0...20)
    let timeout = try checked(
      input.visibilityTimeout ?? queue.attributes.visibilityTimeoutSeconds, "VisibilityTimeout", 0...43_200)
    guard input.receiveAttemptID == nil else {
      throw .invalidParameter("ReceiveRequestAttemptId is not valid for this queue type: it is for FIFO queues.")
    }
    if wait > 0, waiterCount >= SQSLimits.waiterCountMax { throw .throttled("Too many long polls wait.") }

    let messages = try await queue.receive(
      countMax: countMax, visibilityTimeout: .seconds(timeout), wait: .seconds(isStopping ? 0 : wait))
    do throws(SQSError) {
      let contents = try await store.contents(of: messages.map(\.sequence))
      let output = messages.compactMap { message -> ReceiveOutput.Message? in
        // What was deleted while it was read is not there.
        guard let contents = contents[message.sequence] else { return nil }
        let attributes = selection.message(contents)
        return ReceiveOutput.Message(
          messageID: contents.id.text, receiptHandle: ReceiptHandle(queue: queue.id, message).text,
          bodyMD5: contents.bodyMD5, body: contents.body,
          attributes: selection.system(message, contents, account: account),
          attributesMD5: attributes.flatMap(MessageAttributeDigest.md5), messageAttributes: attributes)
      }
      let body = try encode(ReceiveOutput(messages: output))
      // The client went away while contents were read: nobody would get them.
      if Task.isCancelled { queue.giveBack(messages) }
      return body
    } catch {
      queue.giveBack(messages)
      throw error
    }
  }

  private var waiterCount: Int { queues.values.reduce(0) { $0 + $1.waiterCount } }

  // MARK: Deleting

  func deleteMessage(_ input: SQSInput) async throws(SQSError) {
    let queue = try queue(input)
    let handle = try handle(input.receiptHandle, of: queue)
    try await delete(queue.deletable([handle.receipt]), from: queue)
  }

  func deleteMessageBatch(_ input: BatchInput<ReceiptEntry>) async throws(SQSError) -> BatchOutput<EntrySuccess> {
    let queue = try queue(at: input.queueURL)
    var output = BatchOutput<EntrySuccess>()
    var receipts: [Receipt] = []
    for (id, entry) in try checked(input.entries, \.id) {
      do throws(SQSError) {
        receipts.append(try handle(entry.receiptHandle, of: queue).receipt)
        output.successful.append(EntrySuccess(id: id))
      } catch {
        output.fail(id, error)
      }
    }
    try await delete(queue.deletable(receipts), from: queue)
    return output
  }

  private func delete(_ sequences: [UInt64], from queue: SQSQueue) async throws(SQSError) {
    if sequences.isEmpty { return }
    try await store.delete(sequences)
    queue.didDelete(sequences)
  }

  // MARK: Visibility

  func changeMessageVisibility(_ input: SQSInput) throws(SQSError) {
    let queue = try queue(input)
    try changeVisibility(input.receiptHandle, input.visibilityTimeout, in: queue)
  }

  func changeMessageVisibilityBatch(
    _ input: BatchInput<ReceiptEntry>
  ) throws(SQSError) -> BatchOutput<EntrySuccess> {
    let queue = try queue(at: input.queueURL)
    var output = BatchOutput<EntrySuccess>()
    for (id, entry) in try checked(input.entries, \.id) {
      do throws(SQSError) {
        try changeVisibility(entry.receiptHandle, entry.visibilityTimeout, in: queue)
        output.successful.append(EntrySuccess(id: id))
      } catch {
        output.fail(id, error)
      }
    }
    return output
  }

  private func changeVisibility(_ text: String?, _ timeout: Int?, in queue: SQSQueue) throws(SQSError) {
    let handle = try handle(text, of: queue)
    guard let timeout else { throw .missingParameter("VisibilityTimeout") }
    let seconds = try checked(timeout, "VisibilityTimeout", 0...43_200)
    do throws(MessageQueue.ReceiptError) {
      try queue.changeVisibility(of: handle.receipt, to: .seconds(seconds))
    } catch {
      switch error {
      case .gone:
        throw .invalidParameter(
          text ?? "", for: "ReceiptHandle",
          "Message does not exist or is not available for visibility timeout change.")
      case .notInFlight: throw .messageNotInFlight
      case .tooLong:
        throw .invalidParameter(
          seconds, for: "VisibilityTimeout",
          "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].")
      }
    }
  }

  // MARK: Checks

  private func handle(_ text: String?, of queue: SQSQueue) throws(SQSError) -> ReceiptHandle {
    guard let text, !text.isEmpty else { throw .missingParameter("ReceiptHandle") }
    guard let handle = ReceiptHandle(text), handle.queue == queue.id else { throw .receiptHandleIsInvalid }
    return handle
  }

  func checked(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws(SQSError) -> Int {
    guard range.contains(value) else {
      throw .invalidParameter(
        value, for: name, "Must be >= \(range.lowerBound) and <= \(range.upperBound), if provided.")
    }
    return value
  }

  /// The rules that hold for a batch as a whole. The entries come back with their ids.
  private func checked<Entry>(
    _ entries: [Entry]?, _ id: (Entry) -> String?
  ) throws(SQSError) -> [(id: String, entry: Entry)] {
    guard let entries, !entries.isEmpty else {
      throw .batch("EmptyBatchRequest", "There should be at least one entry in the request.")
    }
    guard entries.count <= SQSLimits.batchEntryCountMax else {
      throw .batch(
        "TooManyEntriesInBatchRequest",
        "Maximum number of entries per request are \(SQSLimits.batchEntryCountMax). You have sent \(entries.count).")
    }
    var ids = Set<String>()
    return try entries.map { entry throws(SQSError) in
      guard let id = id(entry) else { throw .missingParameter("Id") }
      guard (1...SQSLimits.batchEntryIDByteCountMax).contains(id.utf8.count), QueueName.isAlphanumeric(id) else {
        throw .batch(
          "InvalidBatchEntryId",
          "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 "
            + "letters long.")
      }
      guard ids.insert(id).inserted else {
        throw .batch("BatchEntryIdsNotDistinct", "Id \(id) repeated.")
      }
      return (id, entry)
    }
  }
}
