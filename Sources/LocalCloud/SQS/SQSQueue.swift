import EventLoop

/// One queue at work: its rules (`MessageQueue`), the clock that drives them and the receivers that wait.
@LoopActor
final class SQSQueue {
  typealias Answer = Result<[QueuedMessage], SQSError>

  let id: Int64
  let name: String
  let arn: QueueARN
  let createdAt: EpochTime
  var modifiedAt: EpochTime
  var tags: [String: String]
  var attributes: QueueAttributes {
    didSet { rules.settings.retention = .seconds(attributes.retentionSeconds) }
  }
  private(set) var isDeleted = false
  private var isClosed = false

  private(set) var rules: MessageQueue
  private let store: MessageStore
  private let clock: EpochClock
  /// Takes what was received too often.
  private let deadLetter: @LoopActor (SQSQueue, [QueuedMessage]) -> Void
  private var answers: [UInt64: UnsafeContinuation<Answer, Never>] = [:]
  private var lastWaiter: UInt64 = 0
  private var timer: LoopTimer?
  private var armedFor: EpochTime?

  init(
    id: Int64, arn: QueueARN, attributes: QueueAttributes, tags: [String: String], createdAt: EpochTime,
    modifiedAt: EpochTime, store: MessageStore, clock: EpochClock,
    deadLetter: @escaping @LoopActor (SQSQueue, [QueuedMessage]) -> Void
  ) {
    self.id = id
    self.arn = arn
    name = arn.name
    self.attributes = attributes
    self.tags = tags
    self.createdAt = createdAt
    self.modifiedAt = modifiedAt
    self.store = store
    self.clock = clock
    self.deadLetter = deadLetter
    rules = MessageQueue(settings: .init(retention: .seconds(attributes.retentionSeconds)))
  }

  var waiterCount: Int { answers.count }

  /// Nil while there is no dead-letter queue to move to: then nothing is moved.
  var receiveCountMax: Int? {
    get { rules.settings.receiveCountMax }
    set { rules.settings.receiveCountMax = newValue }
  }

  // MARK: Events

  /// Adds what the database holds, at the start: nobody waits yet.
  func restore(_ message: QueuedMessage) { rules.add(message) }

  func add(_ messages: [QueuedMessage]) {
    if isDeleted { return store.deleteInBackground(messages.map(\.sequence)) }
    for message in messages { rules.add(message) }
    advance()
  }

  /// Receives messages, waiting for them until `wait` is over or the task is cancelled. A task may be cancelled
  /// when it already has messages: it is the caller's to look, and to give them back.
  func receive(countMax: Int, visibilityTimeout: Duration, wait: Duration) async throws(SQSError) -> [QueuedMessage] {
    lastWaiter += 1
    let id = lastWaiter
    let now = clock.now()
    let waiter = MessageQueue.Waiter(
      id: id, countMax: countMax, visibilityTimeout: visibilityTimeout, deadline: now + wait,
      isShortPoll: wait == .zero)
    let answer = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        answers[id] = continuation
        perform(rules.receive(waiter, at: now))
      }
    } onCancel: {
      EventLoop.shared.spawn { self.cancel(waiter: id) }
    }
    return try answer.get()
  }

  /// Undoes a receive that cannot be answered.
  func giveBack(_ messages: [QueuedMessage]) {
    guard !messages.isEmpty, !isDeleted else { return }
    let receipts = messages.map { Receipt(sequence: $0.sequence, receiveCount: $0.receiveCount) }
    perform(rules.giveBack(receipts, at: clock.now()))
    for receipt in receipts { if let message = rules.messages[receipt.sequence] { store.noteReceive(message) } }
  }

  /// What is to be deleted by these receipts; `didDelete` follows its commit.
  func deletable(_ receipts: [Receipt]) -> [UInt64] { receipts.filter { rules.deletes($0) }.map(\.sequence) }

  func didDelete(_ sequences: [UInt64]) {
    store.forget(sequences.filter { rules.remove($0) != nil })
  }

  func changeVisibility(of receipt: Receipt, to timeout: Duration) throws(MessageQueue.ReceiptError) {
    let message = try rules.changeVisibility(of: receipt, to: timeout, at: clock.now())
    store.noteReceive(message)
    advance()
  }

  func didPurge() { store.forget(rules.removeAll()) }

  /// Takes out up to `countMax` visible messages, to be moved; what cannot be moved comes back by `add`.
  func takeVisible(_ countMax: Int) -> [QueuedMessage] {
    advance()
    return rules.takeVisible(countMax)
  }

  /// Answers every receiver that waits: with nothing at a stop, with an error when the queue is gone.
  func endWaits(_ answer: Answer) {
    let waiting = answers
    answers = [:]
    for (id, continuation) in waiting {
      rules.cancel(waiter: id)
      continuation.resume(returning: answer)
    }
  }

  func close(isDeleted: Bool) {
    isClosed = true
    self.isDeleted = isDeleted
    if isDeleted { didPurge() }
    endWaits(isDeleted ? .failure(.queueDoesNotExist) : .success([]))
    timer?.close()
    timer = nil
  }

  /// Does what is due.
  func advance() { perform(rules.advance(to: clock.now())) }

  // MARK: Actions

  private func perform(_ actions: [MessageQueue.Action]) {
    for action in actions {
      switch action {
      case .answer(let waiter, let messages):
        for message in messages { store.noteReceive(message) }
        answers.removeValue(forKey: waiter)?.resume(returning: .success(messages))
      case .refuse(let waiter):
        answers.removeValue(forKey: waiter)?.resume(returning: .failure(.overLimit))
      case .deadLetter(let messages):
        deadLetter(self, messages)
      case .expire(let sequences):
        store.forget(sequences)
        store.deleteInBackground(sequences)
      }
    }
    arm()
  }

  private func cancel(waiter: UInt64) {
    rules.cancel(waiter: waiter)
    answers.removeValue(forKey: waiter)?.resume(returning: .success([]))
  }

  /// A timer that fires too early finds nothing to do and is set again; one that was set for later is set anew.
  private func arm() {
    guard !isClosed, let next = rules.nextDeadline else { return }
    if let armedFor, armedFor <= next { return }
    if timer == nil { timer = LoopTimer { [weak self] in self?.timerFired() } }
    armedFor = next
    timer?.start(after: max(.milliseconds(1), next - clock.now()))
  }

  private func timerFired() {
    armedFor = nil
    advance()
  }
}
