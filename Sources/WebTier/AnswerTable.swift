import EventLoop
import Jobs

/// The clients that wait for an answer: continuations and one timer around ``PendingAnswers``.
@LoopActor
final class AnswerTable {
  /// One wait. The answer may come before anybody awaits it, since the job is on its way by then.
  final class Waiter {
    enum State {
      case expected
      case awaited(CheckedContinuation<Reply?, Never>)
      case settled(Reply?)
    }
    var state = State.expected
  }

  private var pending: PendingAnswers<Waiter>
  private var waiters: [JobID: Waiter] = [:]
  private var timer: LoopTimer?
  private var timerDeadline: ContinuousClock.Instant?

  init(limits: WebLimits) {
    var bounds = PendingAnswers<Waiter>.Limits()
    bounds.pendingCountMax = limits.pendingAnswerCountMax
    pending = PendingAnswers(limits: bounds)
    timer = LoopTimer { [unowned self] in expire() }
  }

  var count: Int { pending.count }

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
        await withCheckedContinuation { continuation in
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
    guard case .resolved(let waiter) = pending.resolve(answer.id) else { return false }
    settle(waiter, .answered(answer, json: json))
    return true
  }

  /// Lets everybody go; for the end of the process.
  func close() {
    timer?.close()
    timer = nil
    for id in Array(waiters.keys) { withdraw(id) }
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
