import AWS
import EventLoop
import Jobs

/// One kind of batch operation of SQS on one queue, for callers with one entry each: the shell around `MessageBatcher`,
/// before which entries may wait for others: calls are what SQS charges, and each may carry ten.
///
/// An entry that has been submitted is not withdrawn when its task is cancelled.
@LoopActor final class BatchedCalls<Element: Sendable> {
  /// A `…Batch` operation: for each entry in order, whether SQS took it.
  typealias Call = @LoopActor ([Element]) async throws(AWSError) -> [Result<Void, SQSEntryFailure>]

  private struct Entry {
    let element: Element
    let continuation: CheckedContinuation<Result<Void, BatchedCallError>, Never>
  }

  private var batcher: MessageBatcher<Entry>
  private let call: Call
  /// Those that wait for others.
  private var gathered: [(payload: Entry, byteCount: Int)] = []
  private var timer: (deadline: ContinuousClock.Instant, timer: LoopTimer)?

  /// - Parameter entryCountMax: how many may wait; the caller has a bound of its own that this is to match.
  init(entryCountMax: Int, call: @escaping Call) {
    var limits = MessageBatcher<Entry>.Limits()
    limits.queuedEntryCountMax = entryCountMax
    // The client has tried a failing call several times; this is for entries that SQS failed one by one.
    limits.attemptCountMax = 2
    batcher = MessageBatcher(limits: limits)
    self.call = call
  }

  /// Nobody waits and nothing is under way.
  var isIdle: Bool { gathered.isEmpty && batcher.isIdle }

  /// Returns when SQS has taken the entry.
  /// - Parameters:
  ///   - byteCount: of the message's body, if the operation sends one.
  ///   - patience: how long it, and those that wait already, wait for others at most; no longer than until there are as
  ///     many as a call takes.
  func perform(
    _ element: Element, byteCount: Int = 0, patience: Duration = .zero
  ) async throws(BatchedCallError) {
    let result = await withCheckedContinuation { continuation in
      gathered.append((Entry(element: element, continuation: continuation), byteCount))
      if patience == .zero || gathered.count >= SQSClient.batchEntryCountMax { flush() } else { wait(patience) }
    }
    try result.get()
  }

  /// Nobody waits for others any longer.
  func flush() {
    timer?.timer.close()
    timer = nil
    let entries = gathered
    gathered = []
    if !entries.isEmpty { carryOut(batcher.submit(entries)) }
  }

  private func wait(_ patience: Duration) {
    let deadline = ContinuousClock.now + patience
    if let timer, timer.deadline <= deadline { return }
    timer?.timer.close()
    let timer = LoopTimer { [unowned self] in flush() }
    timer.start(after: patience)
    self.timer = (deadline, timer)
  }

  private func carryOut(_ actions: [MessageBatcher<Entry>.Action]) {
    for action in actions {
      switch action {
      case .send(let batch): EventLoop.shared.spawn { [self] in await send(batch) }
      case .resolve(let entry): entry.continuation.resume(returning: .success(()))
      case .reject(let entry, let rejection):
        entry.continuation.resume(returning: .failure(BatchedCallError(rejection)))
      }
    }
  }

  private func send(_ batch: MessageBatcher<Entry>.Batch) async {
    do throws(AWSError) {
      let results = try await call(batch.payloads.map(\.element))
      var failures: [Int: MessageBatcher<Entry>.Failure] = [:]
      for (place, result) in results.enumerated() {
        guard case .failure(let failure) = result else { continue }
        failures[place] = .init(
          code: failure.code, message: failure.message, isSenderFault: failure.isSenderFault)
      }
      carryOut(batcher.batchCompleted(batch.id, failures: failures))
    } catch {
      // The client's retries are spent: a call as a whole is not tried again.
      let code = error.serviceError?.code ?? ""
      carryOut(
        batcher.batchFailed(batch.id, .init(code: code, message: error.description, isSenderFault: true)))
    }
  }
}

/// Why SQS did not take an entry.
struct BatchedCallError: Error, Sendable, Hashable {
  /// SQS's own, `QueueDoesNotExist`; empty when there was no answer.
  let code: String
  let message: String

  fileprivate init<Payload>(_ rejection: MessageBatcher<Payload>.Rejection) {
    switch rejection {
    case .refused(let code, let message), .unavailable(let code, let message):
      self.init(code: code, message: message)
    case .full: self.init(code: "", message: "too many entries wait for SQS")
    case .tooLarge(let max): self.init(code: "", message: "the entry has more than \(max) bytes")
    }
  }

  private init(code: String, message: String) {
    self.code = code
    self.message = message
  }

  var isQueueMissing: Bool { code == "QueueDoesNotExist" }
}
