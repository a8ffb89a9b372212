import EventLoop
import Jobs

/// The clients that wait for an answer: continuations and one timer around ``PendingAnswers``; and those who listen for
/// the answer to another's request.
@LoopActor
final class AnswerTable {
  /// One wait. The answer may come before anybody awaits it, since the job is on its way by then.
  @LoopActor
  final class Waiter {
    private enum State {
      case expected
      case awaited(UnsafeContinuation<Result<Reply, SubmissionError>, Never>)
      case settled(Result<Reply, SubmissionError>)
    }

    let id: JobID
    private var state = State.expected

    init(_ id: JobID) { self.id = id }

    var isSettled: Bool { if case .settled = state { true } else { false } }

    /// Resumes with the answer: `.pending` when the deadline passes first; `.cancelled` when the wait is withdrawn, or the
    /// client has gone before.
    func reply(to continuation: UnsafeContinuation<Result<Reply, SubmissionError>, Never>) {
      if case .settled(let result) = state { return continuation.resume(returning: result) }
      if Task.isCancelled { return continuation.resume(returning: .failure(.cancelled)) }
      state = .awaited(continuation)
    }

    func settle(_ result: Result<Reply, SubmissionError>) {
      if case .awaited(let continuation) = state { continuation.resume(returning: result) }
      state = .settled(result)
    }
  }

  private var pending: PendingAnswers<Waiter>
  private var listeners: [JobID: [AnswerListener]] = [:]
  private var listenerCount = 0
  private let countMax: Int
  private var timer: LoopTimer?
  /// What the timer is set for, at most the first deadline.
  private var alarm: ContinuousClock.Instant?

  init(limits: WebLimits) {
    var bounds = PendingAnswers<Waiter>.Limits()
    countMax = limits.pendingAnswerCountMax
    bounds.pendingCountMax = countMax
    pending = PendingAnswers(limits: bounds)
    timer = LoopTimer { [unowned self] in expire() }
  }

  var count: Int { pending.count + listenerCount }

  /// Whether one more may wait, beside those who wait and so many who are going to.
  func hasRoom(beside expectedCount: Int) -> Bool { count + expectedCount < countMax }

  /// A job is about to be sent: its answer is wanted until the deadline. To be withdrawn by whoever expects it.
  func expect(_ id: JobID, until deadline: ContinuousClock.Instant) throws(SubmissionError) -> Waiter {
    let waiter = Waiter(id)
    do {
      try pending.insert(id, deadline: deadline, waiter: waiter)
    } catch {
      throw .tooManyPending
    }
    setAlarm(for: deadline)
    return waiter
  }

  /// Nobody waits any more, or ever did.
  func withdraw(_ waiter: Waiter) {
    guard !waiter.isSettled else { return }
    pending.drop(waiter.id)
    waiter.settle(.failure(.cancelled))
  }

  /// The client of a job, if one waits, has gone.
  func withdraw(_ id: JobID) { pending.drop(id)?.settle(.failure(.cancelled)) }

  /// An answer has come.
  /// - Returns: Whether somebody was waiting for it.
  func resolve(_ answer: AnswerEnvelope, json: [UInt8]) -> Bool {
    let resolution = pending.resolve(answer.id)
    let isHeard = !listeners.isEmpty && tellListeners(answer, json: json)
    guard case .resolved(let waiter) = resolution else { return isHeard }
    waiter.settle(.success(.answered(answer, json: json)))
    return true
  }

  // MARK: Listeners

  /// Whether a job's answer is on its way to this process: it was asked for here and has not come.
  func isExpected(_ id: JobID) -> Bool { pending.isUnanswered(id) }

  /// Begins to listen for a job's answer, whoever waits for it already. To be ended by ``unlisten(_:)``.
  func listen(to id: JobID) throws(SubmissionError) -> AnswerListener {
    guard count < countMax else { throw .tooManyPending }
    let listener = AnswerListener(id)
    listeners[id, default: []].append(listener)
    listenerCount += 1
    return listener
  }

  func unlisten(_ listener: AnswerListener) {
    guard let index = listeners[listener.id]?.firstIndex(where: { $0 === listener }) else { return }
    listeners[listener.id]?.remove(at: index)
    if listeners[listener.id]?.isEmpty ?? false { listeners[listener.id] = nil }
    listenerCount -= 1
  }

  private func tellListeners(_ answer: AnswerEnvelope, json: [UInt8]) -> Bool {
    guard let listeners = listeners[answer.id] else { return false }
    for listener in listeners { listener.resolve(.answered(answer, json: json)) }
    return true
  }

  // MARK: The end

  /// Lets everybody go; for the end of the process.
  func close() {
    timer?.close()
    timer = nil
    for waiter in pending.dropAll() { waiter.settle(.failure(.cancelled)) }
    for listener in listeners.values.joined() { listener.release() }
  }

  private func expire() {
    alarm = nil
    for (id, waiter) in pending.expire(at: .now) { waiter.settle(.success(.pending(id))) }
    if let deadline = pending.nextDeadline { setAlarm(for: deadline) }
  }

  /// The timer is set anew only for who waits less long than all before: most answers come long before their deadlines,
  /// and an early expiry finds nothing and costs little.
  private func setAlarm(for deadline: ContinuousClock.Instant) {
    if let alarm, alarm <= deadline { return }
    alarm = deadline
    timer?.start(after: deadline - .now)
  }
}
