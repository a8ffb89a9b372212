import EventLoop
import Jobs

/// The clients that wait for an answer: continuations and one timer around ``PendingAnswers``; and those who listen for
/// the answer to another's request.
@LoopActor
final class AnswerTable {
  /// One wait. The answer may come before anybody awaits it, since the job is on its way by then.
  final class Waiter {
    enum State {
      case expected
      case awaited(UnsafeContinuation<Reply?, Never>)
      case settled(Reply?)
    }
    var state = State.expected
  }

  private var pending: PendingAnswers<Waiter>
  private var waiters: [JobID: Waiter] = [:]
  private var listeners: [JobID: [AnswerListener]] = [:]
  private var listenerCount = 0
  private let countMax: Int
  private var timer: LoopTimer?
  private var timerDeadline: ContinuousClock.Instant?

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
  func expect(_ id: JobID, until deadline: ContinuousClock.Instant) throws(SubmissionError) {
    let waiter = Waiter()
    do {
      try pending.insert(id, deadline: deadline, waiter: waiter)
    } catch {
      throw .tooManyPending
    }
    waiters[id] = waiter
    scheduleExpiry()
  }

  /// Waits for the answer to an expected job.
  /// - Returns: `.pending` when its deadline passes first.
  /// - Throws: `.cancelled` when the client has gone.
  func reply(to id: JobID) async throws(SubmissionError) -> Reply {
    guard let waiter = waiters[id] else { throw .cancelled }
    let reply: Reply?
    if case .settled(let settled) = waiter.state {
      reply = settled
    } else {
      reply = await withTaskCancellationHandler {
        await withUnsafeContinuation { continuation in
          if Task.isCancelled { return continuation.resume(returning: nil) }
          waiter.state = .awaited(continuation)
        }
      } onCancel: {
        EventLoop.shared.spawn { self.withdraw(id) }
      }
    }
    guard let reply else { throw .cancelled }
    return reply
  }

  /// Nobody waits any more, or ever did.
  func withdraw(_ id: JobID) {
    guard let waiter = waiters.removeValue(forKey: id) else { return }
    pending.drop(id)
    settle(waiter, nil)
  }

  /// An answer has come.
  /// - Returns: Whether somebody was waiting for it.
  func resolve(_ answer: AnswerEnvelope, json: [UInt8]) -> Bool {
    let resolution = pending.resolve(answer.id)
    let isHeard = !listeners.isEmpty && tellListeners(answer, json: json)
    guard case .resolved(let waiter) = resolution else { return isHeard }
    settle(waiter, .answered(answer, json: json))
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
    for id in Array(waiters.keys) { withdraw(id) }
    for listener in listeners.values.joined() { listener.release() }
  }

  private func settle(_ waiter: Waiter, _ reply: Reply?) {
    if case .awaited(let continuation) = waiter.state { continuation.resume(returning: reply) }
    waiter.state = .settled(reply)
  }

  private func expire() {
    timerDeadline = nil
    for (id, waiter) in pending.expire(at: .now) { settle(waiter, .pending(id)) }
    scheduleExpiry()
  }

  /// The timer only moves forward when it has fired: most answers come long before their deadlines, and an early
  /// expiry finds nothing and costs little.
  private func scheduleExpiry() {
    guard timerDeadline == nil, let deadline = pending.nextDeadline else { return }
    timerDeadline = deadline
    timer?.start(after: deadline - .now)
  }
}
