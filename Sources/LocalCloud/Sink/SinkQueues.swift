import EventLoop
import FoundationEssentials
import HTTP

/// SQS as far as a front needs it. Every queue exists as soon as it is named; what is sent to it is answered if it is a
/// job, else it waits for a receiver.
@LoopActor
final class SinkQueues {
  private static let account = "000000000000"

  private let limits: SinkLimits
  private let clock = EpochClock(startingAt: Date())
  private let encoder = JSONEncoder()
  private let decoder = JSONDecoder()
  private var queues: [String: SinkQueue] = [:]
  private var answerer: SinkAnswerer?
  private var isStopping = false

  init(_ configuration: SinkConfiguration) {
    limits = configuration.limits
    encoder.outputFormatting = [.withoutEscapingSlashes]
    answerer = SinkAnswerer(configuration) { [weak self] name, bodies in self?.deliver(bodies, to: name) }
  }

  func release() { answerer?.release() }

  /// Answers all long polls, with nothing.
  func shutdown() {
    isStopping = true
    answerer?.close()
    for queue in queues.values { queue.close() }
  }

  func handle(operation: String, body: [UInt8], context: SQSContext) async -> HTTPResponse {
    do throws(SQSError) {
      return SQSService.response(
        .ok, try await perform(operation, body, context), requestID: context.requestID)
    } catch {
      return SQSService.response(error, requestID: context.requestID)
    }
  }

  private func perform(
    _ operation: String, _ body: [UInt8], _ context: SQSContext
  ) async throws(SQSError) -> [UInt8] {
    switch operation {
    case "SendMessageBatch": return try encode(try sendBatch(try decode(BatchInput<SendEntry>.self, body)))
    case "SendMessage": return try encode(try send(try decode(SendEntry.self, body)))
    case "ReceiveMessage": return try await receive(try decode(SQSInput.self, body))
    case "DeleteMessageBatch", "ChangeMessageVisibilityBatch":
      let entries = try decode(BatchInput<ReceiptEntry>.self, body).entries ?? []
      return try encode(BatchOutput(successful: entries.map { EntrySuccess(id: $0.id ?? "") }))
    case "CreateQueue", "GetQueueUrl":
      let name = try decode(SQSInput.self, body).queueName ?? ""
      try QueueName.validate(name)
      _ = try queue(name)
      return try encode(SQSOutput(queueURL: url(name, context)))
    case "ListQueues":
      let prefix = try decode(SQSInput.self, body).namePrefix ?? ""
      let names = queues.keys.filter { $0.hasPrefix(prefix) }.sorted()
      return try encode(SQSOutput(queueURLs: names.prefix(SQSLimits.queuePageCountMax).map { url($0, context) }))
    case "GetQueueAttributes":
      return try encode(SQSOutput(attributes: try attributes(try decode(SQSInput.self, body))))
    case "DeleteQueue":
      queues.removeValue(forKey: try name(try decode(SQSInput.self, body).queueURL))?.close()
    case "ListQueueTags": return try encode(SQSOutput(tags: [:]))
    case "DeleteMessage", "ChangeMessageVisibility", "SetQueueAttributes", "PurgeQueue", "TagQueue", "UntagQueue": break
    default: throw .unknownOperation(operation)
    }
    return Array("{}".utf8)
  }

  // MARK: Messages

  private func send(_ entry: SendEntry) throws(SQSError) -> SendOutput {
    let contents = try contents(entry)
    try accept([contents], to: try name(entry.queueURL))
    return SendOutput(contents)
  }

  private func sendBatch(_ input: BatchInput<SendEntry>) throws(SQSError) -> BatchOutput<SendOutput> {
    var output = BatchOutput<SendOutput>()
    var messages: [MessageContents] = []
    for entry in input.entries ?? [] {
      let contents = try contents(entry)
      messages.append(contents)
      output.successful.append(SendOutput(id: entry.id, contents))
    }
    try accept(messages, to: try name(input.queueURL))
    return output
  }

  private func contents(_ entry: SendEntry) throws(SQSError) -> MessageContents {
    guard let body = entry.body else { throw .missingParameter("MessageBody") }
    return MessageContents(id: .random(), body: body)
  }

  private func accept(_ messages: [MessageContents], to name: String) throws(SQSError) {
    guard answerer?.hasRoom ?? false else { throw .throttled("Too many answers are held back.") }
    var jobs: [SinkJob] = []
    var others: [SinkMessage] = []
    for message in messages {
      if let job = try? decoder.decode(SinkJob.self, from: Data(message.body.utf8)) {
        jobs.append(job)
      } else {
        others.append(SinkMessage(contents: message, sentAt: clock.now()))
      }
    }
    if !others.isEmpty { try queue(name, roomFor: others.count).add(others) }
    if !jobs.isEmpty { answerer?.answer(jobs) }
  }

  /// Answers that find no room are dropped, like a queue's oldest messages are.
  private func deliver(_ bodies: [String], to name: String) {
    let now = clock.now()
    guard let queue = try? queue(name, roomFor: bodies.count) else { return }
    queue.add(bodies.map { SinkMessage(contents: MessageContents(id: .random(), body: $0), sentAt: now) })
  }

  private func receive(_ input: SQSInput) async throws(SQSError) -> [UInt8] {
    let queue = try queue(try name(input.queueURL))
    let wait = isStopping ? 0 : min(max(input.waitSeconds ?? 0, 0), 20)
    let countMax = min(max(input.countMax ?? 1, 1), SQSLimits.batchEntryCountMax)
    let messages = await queue.receive(countMax: countMax, wait: .seconds(wait))
    if Task.isCancelled { queue.giveBack(messages) }
    return try encode(
      ReceiveOutput(
        messages: messages.map { message in
          ReceiveOutput.Message(
            messageID: message.contents.id.text, receiptHandle: message.contents.id.text,
            bodyMD5: message.contents.bodyMD5, body: message.contents.body,
            attributes: [
              "ApproximateReceiveCount": "1", "SentTimestamp": String(message.sentAt.milliseconds),
            ])
        }))
  }

  // MARK: Queues

  private func queue(_ name: String, roomFor count: Int = 0) throws(SQSError) -> SinkQueue {
    guard let queue = queues[name] else {
      guard queues.count < limits.queueCountMax else { throw .throttled("There are too many queues.") }
      let queue = SinkQueue()
      queues[name] = queue
      return queue
    }
    guard queue.count + count <= limits.messageCountMax else { throw .throttled("The queue is full.") }
    return queue
  }

  private func attributes(_ input: SQSInput) throws(SQSError) -> [String: String] {
    let name = try name(input.queueURL)
    return [
      "QueueArn": QueueARN(region: "us-east-1", account: SinkQueues.account, name: name).description,
      "ApproximateNumberOfMessages": String(queues[name]?.count ?? 0),
      "ApproximateNumberOfMessagesNotVisible": "0",
    ]
  }

  private func name(_ url: String?) throws(SQSError) -> String {
    guard let name = url?.split(separator: "/").last else { throw .missingParameter("QueueUrl") }
    return String(name)
  }

  private func url(_ name: String, _ context: SQSContext) -> String {
    "\(context.baseURL)/\(SinkQueues.account)/\(name)"
  }

  // MARK: JSON

  private func decode<T: Decodable>(_ type: T.Type, _ body: [UInt8]) throws(SQSError) -> T {
    do { return try decoder.decode(type, from: Data(body)) } catch { throw .malformed("The request is not valid.") }
  }

  private func encode(_ value: some Encodable) throws(SQSError) -> [UInt8] {
    do { return [UInt8](try encoder.encode(value)) } catch { throw .malformed("The answer cannot be written.") }
  }
}
