import AWS
import EventLoop
import Logging

/// The request queue as seen by those who hold its messages: takes them into custody, extends their visibility for as
/// long as they stay, deletes them or gives them back.
@LoopActor final class Custody {
  private var jobs: HeldJobs
  private let sqs: SQSClient
  private let queueURL: String
  private let limits: WorkerLimits
  private let logger: Logger
  private let deletions: BatchedCalls<String>
  private var heartbeat: LoopTimer?
  private var roomWaiter: CheckedContinuation<Void, Never>?
  private var emptyWaiter: CheckedContinuation<Bool, Never>?
  /// Told when the first job comes and when the last one leaves.
  var busyObservers: [(Bool) -> Void] = []
  private var isBusy = false
  private var isHurried = false

  init(queueURL: String, sqs: SQSClient, limits: WorkerLimits, logger: Logger) {
    jobs = HeldJobs(limits: limits)
    self.sqs = sqs
    self.queueURL = queueURL
    self.limits = limits
    self.logger = logger
    deletions = BatchedCalls(entryCountMax: limits.heldCountMax) { (receipts) async throws(AWSError) in
      try await sqs.deleteMessages(receipts, from: queueURL)
    }
  }

  var count: Int { jobs.count }
  var room: Int { jobs.room }
  /// Of those that are not classified yet.
  var aheadCount: Int { jobs.aheadCount }

  // MARK: Taking and leaving

  func hold(_ message: SQSMessage) -> HeldJobs.Ticket {
    if heartbeat == nil { startHeartbeat() }
    defer { updateBusy() }
    return jobs.hold(message.receiptHandle, at: .now)
  }

  /// False when the job was given back in the meantime: nothing more is to be done for it.
  func advance(_ ticket: HeldJobs.Ticket, to stage: HeldJobs.Stage) -> Bool {
    defer { wakeWaiters() }
    return jobs.advance(ticket, to: stage)
  }

  /// A job is done: nobody is to receive it again.
  func delete(_ message: SQSMessage, _ ticket: HeldJobs.Ticket) async throws(BatchedCallError) {
    try await deletions.perform(
      message.receiptHandle, patience: isHurried ? .zero : limits.deletionPatience)
    settle(ticket)
  }

  /// Stops extending: the job comes again when its visibility timeout is over.
  func settle(_ ticket: HeldJobs.Ticket) {
    jobs.settle(ticket)
    wakeWaiters()
  }

  /// Lets others receive the job after a pause.
  func giveBack(_ message: SQSMessage, _ ticket: HeldJobs.Ticket, after delay: Duration) async {
    guard advance(ticket, to: .leaving) else { return }
    defer { settle(ticket) }
    do {
      try await sqs.changeVisibility(of: message.receiptHandle, to: delay, in: queueURL)
    } catch {
      logger.warning("message \(message.messageID) comes back with its visibility timeout: \(error)")
    }
  }

  /// Settles all jobs of some stages, which are then to be released.
  func settleAll(in stages: Set<HeldJobs.Stage>) -> [HeldJobs.Held] {
    defer { wakeWaiters() }
    return jobs.settleAll(in: stages)
  }

  /// Lets anybody receive jobs at once that were settled.
  func release(_ held: [HeldJobs.Held]) async {
    await changeVisibility(of: held, to: .zero) { error, batch in
      logger.warning("\(batch.count) jobs come back with their visibility timeout: \(error)")
    }
  }

  // MARK: Waiting

  /// Returns when receiving is worth a call. One caller at a time.
  func waitForRoom() async {
    if jobs.isRoomWorthACall { return }
    await withCheckedContinuation { roomWaiter = $0 }
  }

  /// Lets a caller of ``waitForRoom()`` go on without room.
  func stopWaitingForRoom() {
    roomWaiter?.resume()
    roomWaiter = nil
  }

  /// Deletes at once from now on what is done: no more jobs will come.
  func hurry() {
    isHurried = true
    deletions.flush()
  }

  /// Returns when nothing is held any more, or when the time is over: whether it was in time. One caller at a time.
  func waitUntilEmpty(within timeout: Duration) async -> Bool {
    if jobs.isEmpty { return true }
    let timer = LoopTimer { [self] in endWaitUntilEmpty(false) }
    timer.start(after: timeout)
    defer { timer.close() }
    return await withCheckedContinuation { emptyWaiter = $0 }
  }

  private func endWaitUntilEmpty(_ isEmpty: Bool) {
    emptyWaiter?.resume(returning: isEmpty)
    emptyWaiter = nil
  }

  private func wakeWaiters() {
    if jobs.isRoomWorthACall { stopWaitingForRoom() }
    if jobs.isEmpty { endWaitUntilEmpty(true) }
    updateBusy()
  }

  private func updateBusy() {
    guard isBusy == jobs.isEmpty else { return }
    isBusy.toggle()
    for observer in busyObservers { observer(isBusy) }
  }

  // MARK: Heartbeat

  /// Ends the heartbeat; nothing may be held afterwards.
  func close() {
    heartbeat?.close()
    heartbeat = nil
  }

  /// Jobs that are due at about the same time are extended together, so it looks only every so often: with an extension
  /// due at half the visibility timeout, a twelfth is late enough and soon enough.
  private func startHeartbeat() {
    let timer = LoopTimer { [unowned self] in
      let due = jobs.extensionsDue(at: .now)
      if !due.isEmpty { EventLoop.shared.spawn { [self] in await extend(due) } }
    }
    let interval = limits.visibilityTimeout / 12
    timer.start(after: interval, repeating: interval)
    heartbeat = timer
  }

  private func extend(_ held: [HeldJobs.Held]) async {
    logger.debug("extending the visibility of \(held.count) jobs")
    await changeVisibility(of: held, to: limits.visibilityTimeout) { error, batch in
      logger.warning("the visibility of \(batch.count) jobs could not be extended: \(error)")
      jobs.extensionFailed(batch, at: .now)
    }
  }

  /// - Parameter onFailure: of a call. That single entries fail is to be expected: their message may just be deleted.
  private func changeVisibility(
    of held: [HeldJobs.Held], to timeout: Duration, onFailure: (AWSError, [HeldJobs.Held]) -> Void
  ) async {
    var rest = held[...]
    while !rest.isEmpty {
      let batch = Array(rest.prefix(SQSClient.batchEntryCountMax))
      rest = rest.dropFirst(batch.count)
      do {
        let results = try await sqs.changeVisibility(of: batch.map(\.receiptHandle), to: timeout, in: queueURL)
        for case .failure(let failure) in results {
          logger.debug("the visibility of a job stays as it is: \(failure.code)")
        }
      } catch {
        onFailure(error, batch)
      }
    }
  }
}
