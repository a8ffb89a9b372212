/// How many long polls for answers to keep open: more while batches come back full, fewer when they do not.
///
/// A value without I/O. Each receiver reports how its call went and is told what to do next; only the one that reports
/// is ever told to stop, so that no call has to be cut off and none of its messages hidden for a visibility timeout.
package struct ReceiverScaling: Sendable {
  package struct Limits: Sendable {
    package var receiverCountMin = 1
    /// Eight that bring ten every 10 ms bring 8000 answers a second: more than one loop can serve.
    package var receiverCountMax = 8
    /// SQS, ReceiveMessage.
    package var batchMessageCountMax = 10
    /// So many batches in a row of two messages or less stop a receiver: its calls cost, and fewer receivers bring the
    /// same answers in fuller batches.
    package var sparseBatchCountMax = 32
    package var sparseMessageCountMax = 2

    package init() {}
  }

  package enum Decision: Sendable, Hashable {
    /// Poll again.
    case go
    /// Poll again, and start one more.
    case goAndStartAnother
    /// Poll no more.
    case stop
  }

  package private(set) var receiverCount: Int
  private let limits: Limits
  private var sparseBatchCount = 0

  /// The caller is to start ``receiverCount`` receivers, the least there may be.
  package init(limits: Limits = Limits()) {
    precondition(0 < limits.receiverCountMin && limits.receiverCountMin <= limits.receiverCountMax)
    self.limits = limits
    self.receiverCount = limits.receiverCountMin
  }

  /// A receiver's call brought so many messages; none when the long poll ran out.
  package mutating func received(messageCount: Int) -> Decision {
    if messageCount >= limits.batchMessageCountMax {
      sparseBatchCount = 0
      guard receiverCount < limits.receiverCountMax else { return .go }
      receiverCount += 1
      return .goAndStartAnother
    }
    sparseBatchCount = messageCount <= limits.sparseMessageCountMax ? sparseBatchCount + 1 : 0
    guard receiverCount > limits.receiverCountMin else { return .go }
    guard messageCount == 0 || sparseBatchCount >= limits.sparseBatchCountMax else { return .go }
    sparseBatchCount = 0
    receiverCount -= 1
    return .stop
  }

  /// A receiver's call failed. A queue that fails is not asked by more than one receiver.
  package mutating func failed() -> Decision {
    sparseBatchCount = 0
    guard receiverCount > limits.receiverCountMin else { return .go }
    receiverCount -= 1
    return .stop
  }
}
