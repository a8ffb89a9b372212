/// What a queue knows of a message: when it was sent, how often it was received, where it is now. Not what it says.
struct QueuedMessage: Sendable, Equatable {
  enum State: Sendable, Equatable {
    /// Sent with a delay that is not over.
    case delayed(until: EpochTime)
    /// Waits for a receiver.
    case visible
    /// Received, and not visible to others until then.
    case inFlight(since: EpochTime, until: EpochTime)
  }

  /// Names the message for good: never given twice, and rising, so that the older of two messages is the smaller.
  let sequence: UInt64
  let sentAt: EpochTime
  var state: State = .visible
  /// `ApproximateReceiveCount`. Goes on counting in a dead-letter queue.
  var receiveCount = 0
  /// The count with which it came into this queue, so that a dead-letter queue's own redrive policy starts at zero.
  var receiveCountOnArrival = 0
  var firstReceivedAt: EpochTime?
  /// Raised with every change of `state`; see `DeadlineHeap`.
  var version: UInt32 = 0

  mutating func move(to state: State) {
    self.state = state
    version &+= 1
  }
}

/// One receive of one message: what a receipt handle stands for.
struct Receipt: Sendable, Hashable {
  var sequence: UInt64
  /// The message's receive count at that receive, which tells one receive of it from another.
  var receiveCount: Int
}
