import DequeModule

/// The rules of one standard queue: which message goes to which receiver, and when. A value: events and the time go in,
/// `Action`s come out. It keeps no message's contents and does no I/O.
///
/// Visible messages are received oldest first, so that one that was not finished in time is retried before newer ones.
/// Receivers that wait are served in the order they came. A message is in one state at a time, and every message that
/// was added is in the queue until it is removed or an action says that it is gone.
struct MessageQueue: Sendable {
  struct Settings: Sendable, Equatable {
    var retention: Duration = .seconds(345_600)
    /// Receives after which the next one sends the message to the dead-letter queue instead; nil for never.
    var receiveCountMax: Int?
  }

  /// A receive that has not been answered.
  struct Waiter: Sendable, Equatable {
    let id: UInt64
    var countMax: Int
    var visibilityTimeout: Duration
    /// Answered with nothing then.
    var deadline: EpochTime
    /// Whether it waits at all; one that does not is told when the queue's bound is reached, as SQS does.
    var isShortPoll: Bool
  }

  enum Action: Sendable, Equatable {
    /// Answer the receive with these, none when its time is over. They are in flight now.
    case answer(waiter: UInt64, [QueuedMessage])
    /// Answer the receive with `OverLimit`.
    case refuse(waiter: UInt64)
    /// These were received too often and have left the queue.
    case deadLetter([QueuedMessage])
    /// These were kept for the retention period and have left the queue.
    case expire([UInt64])
  }

  enum ReceiptError: Error, Equatable {
    /// No such message any more.
    case gone
    /// The receive is over: the message is visible again, or was received again.
    case notInFlight
    /// The message would be invisible for longer than `SQSLimits.visibilityTimeoutMax` since it was received.
    case tooLong
  }

  var settings: Settings
  private let inFlightCountMax: Int

  private(set) var messages: [UInt64: QueuedMessage] = [:]
  private(set) var visibleCount = 0
  private(set) var inFlightCount = 0
  private(set) var delayedCount = 0

  /// By sequence.
  private var visible = DeadlineHeap()
  /// By when they become visible.
  private var invisible = DeadlineHeap()
  /// By when they were sent.
  private var bySendTime = DeadlineHeap()

  private var waiters: [UInt64: Waiter] = [:]
  private var line = Deque<UInt64>()
  private var waiterDeadlines = DeadlineHeap()

  init(settings: Settings = Settings(), inFlightCountMax: Int = SQSLimits.inFlightCountMax) {
    self.settings = settings
    self.inFlightCountMax = inFlightCountMax
  }

  var waiterCount: Int { waiters.count }

  /// When `advance` has something to do, if nothing else happens before. After a change other than `advance` it may be too
  /// early, never too late.
  var nextDeadline: EpochTime? {
    let candidates = [
      invisible.first?.key, waiterDeadlines.first?.key,
      bySendTime.first.map { $0.key + settings.retention.wholeMilliseconds },
    ]
    return candidates.compactMap { $0 }.min().map(EpochTime.init(milliseconds:))
  }

  // MARK: Events

  /// Adds a message in whatever state it says. Waiting receivers get it with the next `advance`, so that a batch goes to one
  /// receiver rather than to ten.
  mutating func add(_ message: QueuedMessage) {
    guard messages.updateValue(message, forKey: message.sequence) == nil else {
      preconditionFailure("a sequence number was given twice")
    }
    count(message.state, by: 1)
    bySendTime.push(.init(key: message.sentAt.milliseconds, id: message.sequence))
    index(message)
  }

  /// Takes messages out: they were deleted, or moved elsewhere.
  @discardableResult
  mutating func remove(_ sequence: UInt64) -> QueuedMessage? {
    guard let message = messages.removeValue(forKey: sequence) else { return nil }
    count(message.state, by: -1)
    compactIfWorthwhile()
    return message
  }

  /// Takes out every message and returns which those were.
  mutating func removeAll() -> [UInt64] {
    defer {
      messages.removeAll()
      (visible, invisible, bySendTime) = (DeadlineHeap(), DeadlineHeap(), DeadlineHeap())
      (visibleCount, inFlightCount, delayedCount) = (0, 0, 0)
    }
    return messages.keys.sorted()
  }

  /// Takes visible messages out, the oldest first, without receiving them.
  mutating func takeVisible(_ countMax: Int) -> [QueuedMessage] {
    var taken: [QueuedMessage] = []
    while taken.count < countMax, let message = popVisible() {
      remove(message.sequence)
      taken.append(message)
    }
    return taken
  }

  /// Asks for messages. The answer is an action of this or of a later call.
  mutating func receive(_ waiter: Waiter, at now: EpochTime) -> [Action] {
    waiters[waiter.id] = waiter
    line.append(waiter.id)
    waiterDeadlines.push(.init(key: waiter.deadline.milliseconds, id: waiter.id))
    return advance(to: now)
  }

  /// The receiver has gone away. Its place in line goes; nothing is lost with it.
  mutating func cancel(waiter: UInt64) {
    guard waiters.removeValue(forKey: waiter) != nil else { return }
    compactWaiters()
  }

  /// Undoes a receive whose answer could not be given: the messages are visible at once and not counted as received.
  mutating func giveBack(_ receipts: [Receipt], at now: EpochTime) -> [Action] {
    for receipt in receipts {
      guard var message = messages[receipt.sequence], isLatest(receipt, of: message) else { continue }
      guard case .inFlight = message.state else { continue }
      message.receiveCount -= 1
      if message.receiveCount == 0 { message.firstReceivedAt = nil }
      change(&message, to: .visible)
    }
    return advance(to: now)
  }

  /// Whether deleting by this receipt removes a message. One of an earlier receive does not (AWS: "the request succeeds,
  /// but the message will not be deleted"); one whose visibility timeout is over does, as long as nobody received it since.
  func deletes(_ receipt: Receipt) -> Bool {
    messages[receipt.sequence].map { isLatest(receipt, of: $0) } ?? false
  }

  mutating func changeVisibility(
    of receipt: Receipt, to timeout: Duration, at now: EpochTime
  ) throws(ReceiptError) -> QueuedMessage {
    guard var message = messages[receipt.sequence] else { throw .gone }
    guard case .inFlight(let since, let until) = message.state, until > now, isLatest(receipt, of: message) else {
      throw .notInFlight
    }
    let end = now + timeout
    if end - since > SQSLimits.visibilityTimeoutMax { throw .tooLong }
    change(&message, to: end > now ? .inFlight(since: since, until: end) : .visible)
    return message
  }

  /// Does what is due by `now`: drops what was kept long enough, makes visible what is to be, serves receivers, and
  /// answers those whose wait is over.
  mutating func advance(to now: EpochTime) -> [Action] {
    var actions: [Action] = []
    expire(at: now, &actions)
    reveal(at: now)
    serve(at: now, &actions)
    endWaits(at: now, &actions)
    dropOutdatedDeadlines()
    compactIfWorthwhile()
    return actions
  }

  // MARK: What is due

  private mutating func expire(at now: EpochTime, _ actions: inout [Action]) {
    let sentMax = now.milliseconds - settings.retention.wholeMilliseconds
    var expired: [UInt64] = []
    while let item = bySendTime.first, item.key <= sentMax {
      bySendTime.popFirst()
      guard let message = messages.removeValue(forKey: item.id) else { continue }
      count(message.state, by: -1)
      expired.append(item.id)
    }
    if !expired.isEmpty { actions.append(.expire(expired)) }
  }

  private mutating func reveal(at now: EpochTime) {
    while let item = invisible.first, item.key <= now.milliseconds {
      invisible.popFirst()
      guard var message = messages[item.id], message.version == item.version else { continue }
      change(&message, to: .visible)
    }
  }

  private mutating func serve(at now: EpochTime, _ actions: inout [Action]) {
    var dead: [QueuedMessage] = []
    while let waiter = firstInLine {
      var received: [QueuedMessage] = []
      while received.count < waiter.countMax, inFlightCount < inFlightCountMax, var message = popVisible() {
        if let receiveCountMax = settings.receiveCountMax,
          message.receiveCount - message.receiveCountOnArrival >= receiveCountMax
        {
          messages[message.sequence] = nil
          visibleCount -= 1
          dead.append(message)
          continue
        }
        message.receiveCount += 1
        message.firstReceivedAt = message.firstReceivedAt ?? now
        // With a visibility timeout of zero it is visible again at once, but not to this same receive.
        change(&message, to: .inFlight(since: now, until: now + waiter.visibilityTimeout))
        received.append(message)
      }
      if received.isEmpty { break }
      leaveLine(waiter.id)
      actions.append(.answer(waiter: waiter.id, received))
      reveal(at: now)
    }
    if !dead.isEmpty { actions.append(.deadLetter(dead)) }
  }

  private mutating func endWaits(at now: EpochTime, _ actions: inout [Action]) {
    while let item = waiterDeadlines.first, item.key <= now.milliseconds {
      waiterDeadlines.popFirst()
      guard let waiter = waiters[item.id] else { continue }
      leaveLine(waiter.id)
      let isRefused = waiter.isShortPoll && inFlightCount >= inFlightCountMax
      actions.append(isRefused ? .refuse(waiter: waiter.id) : .answer(waiter: waiter.id, []))
    }
  }

  // MARK: Bookkeeping

  /// After a crash the last receives may not be on disk: a receipt of one of those has a higher count than the message.
  private func isLatest(_ receipt: Receipt, of message: QueuedMessage) -> Bool {
    receipt.receiveCount >= message.receiveCount
  }

  private mutating func change(_ message: inout QueuedMessage, to state: QueuedMessage.State) {
    count(message.state, by: -1)
    message.move(to: state)
    count(state, by: 1)
    messages[message.sequence] = message
    index(message)
  }

  private mutating func index(_ message: QueuedMessage) {
    let (id, version) = (message.sequence, message.version)
    switch message.state {
    case .visible: visible.push(.init(key: Int64(id), id: id, version: version))
    case .delayed(let until), .inFlight(_, let until):
      invisible.push(.init(key: until.milliseconds, id: id, version: version))
    }
  }

  private mutating func count(_ state: QueuedMessage.State, by difference: Int) {
    switch state {
    case .visible: visibleCount += difference
    case .inFlight: inFlightCount += difference
    case .delayed: delayedCount += difference
    }
  }

  private mutating func popVisible() -> QueuedMessage? {
    while let item = visible.popFirst() {
      if let message = messages[item.id], message.version == item.version { return message }
    }
    return nil
  }

  private var firstInLine: Waiter? {
    mutating get {
      while let id = line.first {
        if let waiter = waiters[id] { return waiter }
        line.removeFirst()
      }
      return nil
    }
  }

  private mutating func leaveLine(_ id: UInt64) {
    waiters[id] = nil
    compactWaiters()
  }

  /// So that nobody is woken for a deadline that is none any more.
  private mutating func dropOutdatedDeadlines() {
    while let item = invisible.first, messages[item.id]?.version != item.version { invisible.popFirst() }
    while let item = bySendTime.first, messages[item.id] == nil { bySendTime.popFirst() }
    while let item = waiterDeadlines.first, waiters[item.id] == nil { waiterDeadlines.popFirst() }
  }

  /// Outdated items are kept to as many as there are current ones, so each costs a constant amount of work.
  private mutating func compactIfWorthwhile() {
    let bound = 2 * messages.count + 64
    let messages = messages
    func isCurrent(_ item: DeadlineHeap.Item) -> Bool { messages[item.id]?.version == item.version }
    if visible.count > bound { visible.compact(keeping: isCurrent) }
    if invisible.count > bound { invisible.compact(keeping: isCurrent) }
    if bySendTime.count > bound { bySendTime.compact { messages[$0.id] != nil } }
  }

  private mutating func compactWaiters() {
    let bound = 2 * waiters.count + 64
    let waiters = waiters
    if waiterDeadlines.count > bound { waiterDeadlines.compact { waiters[$0.id] != nil } }
    if line.count > bound { line.removeAll { waiters[$0] == nil } }
  }
}
