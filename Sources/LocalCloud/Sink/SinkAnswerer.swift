import DequeModule
import EventLoop
import FoundationEssentials
import Glibc

/// Plays the workers: answers each job at once, after the configured delay, or with all that are held back.
@LoopActor
final class SinkAnswerer {
  private let label: String
  private let delay: Duration
  private let heldCount: Int
  private let countMax: Int
  private let send: @LoopActor (_ queueName: String, _ bodies: [String]) -> Void
  private let encoder: JSONEncoder
  /// In the order of their times, since the delay is the same for all.
  private var delayed = Deque<(due: ContinuousClock.Instant, job: SinkJob)>()
  private var held: [SinkJob] = []
  private var timer: LoopTimer?

  /// - Parameter send: Puts the bodies of answers into a queue.
  init(
    _ configuration: SinkConfiguration, send: @escaping @LoopActor (_ queueName: String, _ bodies: [String]) -> Void
  ) {
    label = configuration.label
    delay = configuration.answerDelay
    heldCount = configuration.heldAnswerCount
    countMax = configuration.limits.messageCountMax
    self.send = send
    encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  var hasRoom: Bool { delayed.count + held.count < countMax }

  func answer(_ jobs: [SinkJob]) {
    if heldCount > 0 {
      held += jobs
      if held.count >= heldCount { release() }
    } else if delay > .zero {
      let due = ContinuousClock.now + delay
      for job in jobs { delayed.append((due, job)) }
      arm()
    } else {
      send(jobs)
    }
  }

  /// Gives every answer that is held back.
  func release() {
    let jobs = held
    held = []
    send(jobs)
  }

  func close() {
    timer?.close()
    timer = nil
  }

  private func send(_ jobs: [SinkJob]) {
    var bodies: [String: [String]] = [:]
    let now = SinkAnswerer.monotonicNanoseconds()
    for job in jobs {
      let answer = SinkAnswer(job, label: label, answeredAtNanoseconds: now)
      // Strings and two finite numbers: there is nothing in it that JSON could not say.
      guard let body = try? encoder.encode(answer) else { continue }
      bodies[job.replyQueueName, default: []].append(String(decoding: body, as: UTF8.self))
    }
    for (queueName, bodies) in bodies { send(queueName, bodies) }
  }

  private func sendDue() {
    let now = ContinuousClock.now
    var due: [SinkJob] = []
    while let first = delayed.first, first.due <= now { due.append(delayed.removeFirst().job) }
    send(due)
    arm()
  }

  private func arm() {
    guard let next = delayed.first else { return }
    if timer == nil { timer = LoopTimer { [weak self] in self?.sendDue() } }
    timer?.start(after: max(.milliseconds(1), next.due - .now))
  }

  private static func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
