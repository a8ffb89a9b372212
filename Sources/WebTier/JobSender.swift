import AWS
import EventLoop
import Jobs

/// Puts jobs into the request queue: calls and continuations around ``MessageBatcher``.
@LoopActor
final class JobSender {
  /// One job on its way. A class, since the batcher passes it on several times.
  final class Item: Sendable {
    let body: String
    let shipment: Shipment

    init(body: String, shipment: Shipment) {
      self.body = body
      self.shipment = shipment
    }
  }

  /// Jobs that are sent together: their sender waits for the last of them.
  @LoopActor
  final class Shipment {
    private var leftCount: Int
    private var outcome: Result<Void, SubmissionError> = .success(())
    private let continuation: UnsafeContinuation<Result<Void, SubmissionError>, Never>

    init(of count: Int, _ continuation: UnsafeContinuation<Result<Void, SubmissionError>, Never>) {
      leftCount = count
      self.continuation = continuation
    }

    /// One job has been taken or refused; of several errors the first counts.
    func settle(_ result: Result<Void, SubmissionError>) {
      if case .success = outcome { outcome = result }
      leftCount -= 1
      if leftCount == 0 { continuation.resume(returning: outcome) }
    }
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

  /// Resumes when SQS has all of the jobs, or refuses one.
  ///
  /// A client that goes away meanwhile does not stop them: what has been stored may as well be classified.
  func send(_ jobs: [ClassificationJob], _ continuation: UnsafeContinuation<Result<Void, SubmissionError>, Never>) {
    if jobs.isEmpty { return continuation.resume(returning: .success(())) }
    let shipment = Shipment(of: jobs.count, continuation)
    for job in jobs {
      do throws(JobMessageError) {
        let body = try job.encoded()
        if arrivals.isEmpty { EventLoop.shared.atEndOfTurn { self.submitArrivals() } }
        arrivals.append((Item(body: String(decoding: body, as: UTF8.self), shipment: shipment), body.count))
      } catch {
        shipment.settle(.failure(.job(error)))
      }
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
      case .resolve(let item): item.shipment.settle(.success(()))
      case .reject(let item, let rejection): item.shipment.settle(.failure(.queue(rejection.reason)))
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
