import AWS
import EventLoop
import Jobs

/// Puts jobs into the request queue: calls and continuations around ``MessageBatcher``.
@LoopActor
final class JobSender {
  /// One job on its way.
  struct Item {
    let body: String
    let continuation: UnsafeContinuation<Result<Void, SubmissionError>, Never>
  }

  private let sqs: SQSClient
  private let queueURL: String
  private var batcher: MessageBatcher<Item>
  /// Jobs of this turn of the loop: what was stored at the same time goes in one call.
  private var arrivals: [(payload: Item, byteCount: Int)] = []

  init(sqs: SQSClient, queueURL: String, limits: WebLimits) {
    var batches = MessageBatcher<Item>.Limits()
    batches.queuedEntryCountMax = limits.queuedJobCountMax
    batcher = MessageBatcher(limits: batches)
    self.sqs = sqs
    self.queueURL = queueURL
  }

  var queuedCount: Int { arrivals.count + batcher.queuedEntryCount }

  /// Returns when SQS has all of the jobs.
  ///
  /// A client that goes away meanwhile does not stop them: what has been stored may as well be classified.
  func send(_ jobs: [ClassificationJob]) async throws(SubmissionError) {
    if jobs.count == 1 { return try await send(jobs[0]).get() }
    let sends = jobs.map { job in EventLoop.shared.start { try await self.send(job).get() } }
    for send in sends {
      do { try await send.value } catch {
        throw error as? SubmissionError ?? .cancelled
      }
    }
  }

  private func send(_ job: ClassificationJob) async -> Result<Void, SubmissionError> {
    let body: [UInt8]
    do throws(JobMessageError) { body = try job.encoded() } catch { return .failure(.job(error)) }
    return await withUnsafeContinuation { continuation in
      let item = Item(body: String(decoding: body, as: UTF8.self), continuation: continuation)
      if arrivals.isEmpty { EventLoop.shared.atEndOfTurn { self.submitArrivals() } }
      arrivals.append((item, body.count))
    }
  }

  private func submitArrivals() {
    let items = arrivals
    arrivals.removeAll(keepingCapacity: true)
    perform(batcher.submit(items))
  }

  private func perform(_ actions: [MessageBatcher<Item>.Action]) {
    for action in actions {
      switch action {
      case .send(let batch): EventLoop.shared.spawn { await self.call(batch) }
      case .resolve(let item): item.continuation.resume(returning: .success(()))
      case .reject(let item, let rejection): item.continuation.resume(returning: .failure(.queue(rejection.reason)))
      }
    }
  }

  private func call(_ batch: MessageBatcher<Item>.Batch) async {
    do throws(AWSError) {
      let results = try await sqs.sendMessages(batch.payloads.map { SQSOutgoingMessage($0.body) }, to: queueURL)
      var failures: [Int: MessageBatcher<Item>.Failure] = [:]
      for (place, result) in results.enumerated() {
        if case .failure(let failure) = result {
          failures[place] = .init(code: failure.code, message: failure.message, isSenderFault: failure.isSenderFault)
        }
      }
      perform(batcher.batchCompleted(batch.id, failures: failures))
    } catch {
      // The client has made its own retries; more of them would only make the clients wait.
      perform(
        batcher.batchFailed(
          batch.id, .init(code: "SendMessageBatch", message: error.description, isSenderFault: true)))
    }
  }
}

extension MessageBatcher.Rejection {
  /// For a client to read.
  fileprivate var reason: String {
    switch self {
    case .full: "too many jobs wait to be queued"
    case .tooLarge(let byteCountMax): "it is larger than \(byteCountMax) bytes"
    case .refused(_, let message), .unavailable(_, let message): message
    }
  }
}
