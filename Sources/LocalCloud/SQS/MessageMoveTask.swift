import EventLoop

/// One task that moves messages out of a dead-letter queue, as it is listed. It lives as long as the process: after a
/// restart what was not moved is still in the dead-letter queue, and the task is started again by hand.
@LoopActor
final class MessageMoveTask {
  enum Status: String {
    case running = "RUNNING"
    case completed = "COMPLETED"
    case cancelling = "CANCELLING"
    case cancelled = "CANCELLED"
    case failed = "FAILED"
  }

  let handle: String
  let source: QueueARN
  /// Nil for the queue that each message came from.
  let destination: QueueARN?
  let messagesPerSecondMax: Int?
  let startedAt: EpochTime
  let toMoveCount: Int
  private(set) var movedCount = 0
  private(set) var status = Status.running
  private(set) var failureReason: String?

  init(
    source: QueueARN, destination: QueueARN?, messagesPerSecondMax: Int?, startedAt: EpochTime, toMoveCount: Int
  ) {
    handle = MessageID.random().text
    self.source = source
    self.destination = destination
    self.messagesPerSecondMax = messagesPerSecondMax
    self.startedAt = startedAt
    self.toMoveCount = toMoveCount
  }

  var isActive: Bool { status == .running || status == .cancelling }

  func didMove(_ count: Int) { movedCount += count }

  func cancel() { if status == .running { status = .cancelling } }

  func finish() { status = status == .cancelling ? .cancelled : .completed }

  func fail(_ reason: String) {
    status = .failed
    failureReason = reason
  }
}
