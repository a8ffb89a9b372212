extension SQSService {
  /// - Returns: The answer's JSON; empty for an operation that has none.
  func perform(_ operation: String, _ body: [UInt8], _ context: SQSContext) async throws(SQSError) -> [UInt8] {
    switch operation {
    case "SendMessage": return try encode(try await sendMessage(try decode(SendEntry.self, body)))
    case "SendMessageBatch":
      return try encode(try await sendMessageBatch(try decode(BatchInput<SendEntry>.self, body)))
    case "DeleteMessageBatch":
      return try encode(try await deleteMessageBatch(try decode(BatchInput<ReceiptEntry>.self, body)))
    case "ChangeMessageVisibilityBatch":
      return try encode(try changeMessageVisibilityBatch(try decode(BatchInput<ReceiptEntry>.self, body)))
    default: break
    }
    let input = try decode(SQSInput.self, body)
    switch operation {
    case "ReceiveMessage": return try await receiveMessage(input)
    case "DeleteMessage": try await deleteMessage(input)
    case "ChangeMessageVisibility": try changeMessageVisibility(input)
    case "CreateQueue": return try encode(try await createQueue(input, context))
    case "DeleteQueue": try await deleteQueue(input)
    case "GetQueueUrl": return try encode(try queueURL(input, context))
    case "ListQueues": return try encode(try listQueues(input, context))
    case "GetQueueAttributes": return try encode(try queueAttributes(input))
    case "SetQueueAttributes": try await setQueueAttributes(input)
    case "PurgeQueue": try await purgeQueue(input)
    case "TagQueue": try await tagQueue(input)
    case "UntagQueue": try await untagQueue(input)
    case "ListQueueTags": return try encode(SQSOutput(tags: try queue(input).tags))
    case "ListDeadLetterSourceQueues": return try encode(try listDeadLetterSourceQueues(input, context))
    case "StartMessageMoveTask": return try encode(try startMessageMoveTask(input))
    case "ListMessageMoveTasks": return try encode(try listMessageMoveTasks(input))
    case "CancelMessageMoveTask": return try encode(try cancelMessageMoveTask(input))
    case "AddPermission", "RemovePermission":
      throw .unsupported("\(operation): access policies are not supported.")
    default: throw .unknownOperation(operation)
    }
    return Array("{}".utf8)
  }

  func queue(_ input: SQSInput) throws(SQSError) -> SQSQueue { try queue(at: input.queueURL) }

  /// A queue by its URL, of which only the path counts: `…/<account>/<name>`. Whatever host the client knows us by is right.
  func queue(at url: String?) throws(SQSError) -> SQSQueue {
    guard let url else { throw .missingParameter("QueueUrl") }
    let parts = url.split(separator: "/", omittingEmptySubsequences: true)
    guard parts.count >= 2, let name = parts.last, let queue = queues[String(name)], parts[parts.count - 2] == account
    else { throw .queueDoesNotExist }
    return queue
  }

  func url(of queue: SQSQueue, _ context: SQSContext) -> String { "\(context.baseURL)/\(account)/\(queue.name)" }
}
