public import DequeModule

/// Decides when entries go to a queue, and which of them together: Nagle's algorithm for SQS. Entries are jobs and
/// answers to be sent, and messages to be deleted: whatever SQS takes ten at a time.
///
/// With nothing under way an entry is sent at once. While a call is under way entries collect, up to ten, and go when it
/// returns: no timer, no added latency when idle, a tenth of the calls when busy. A second call, up to
/// ``Limits/callCountMax``, starts only when a full batch is waiting. Entries go in order, but for those that are tried
/// again, and at least once: a call whose answer was lost may have been heard.
///
/// A value without I/O: events in, actions out, to be carried out in their order. `Payload` is what the caller needs to
/// send an entry and to tell whoever waits for that. All of it is inlinable, so that a caller's module has it for its
/// own payload: code for any payload asks the runtime for types at every entry.
@usableFromInline package struct MessageBatcher<Payload> {
  @usableFromInline package struct Limits: Sendable {
    /// Entries that wait for a call. At 10 a call and 10 ms each one call under way empties this in 2 s, four in half a
    /// second; who comes after is better served by a 503 than by a longer wait. Entries that are tried again may exceed
    /// it by what was under way.
    @usableFromInline package var queuedEntryCountMax = 2048
    /// SQS, SendMessageBatch.
    @usableFromInline package var batchEntryCountMax = 10
    /// The bodies of a batch together. SQS takes 1 MiB since 2025; 256 KiB is what everything that speaks SQS takes.
    @usableFromInline package var batchByteCountMax = 256 * 1024
    /// Calls under way. With four full ones every 10 ms go 4000 entries a second, more than one loop uploads.
    @usableFromInline package var callCountMax = 4
    /// How often an entry is sent before it is given up. The client has its own retries, with pauses, below this.
    @usableFromInline package var attemptCountMax = 3

    @inlinable package init() {}
  }

  /// One `SendMessageBatch` call to make. An entry's place in ``payloads`` is its place in the call's results.
  @usableFromInline package struct Batch {
    @usableFromInline package let id: Int
    @usableFromInline package let payloads: [Payload]

    @inlinable init(id: Int, payloads: [Payload]) {
      self.id = id
      self.payloads = payloads
    }
  }

  @usableFromInline package enum Action {
    case send(Batch)
    /// SQS took the entry.
    case resolve(Payload)
    case reject(Payload, Rejection)
  }

  @usableFromInline package enum Rejection: Error, Sendable, Hashable {
    /// As many entries wait as may; try later.
    case full
    /// No call could carry it.
    case tooLarge(byteCountMax: Int)
    /// SQS says that the entry or the call is at fault.
    case refused(code: String, message: String)
    /// SQS failed as often as it is tried.
    case unavailable(code: String, message: String)
  }

  /// Why SQS did not take an entry, or a call was lost.
  @usableFromInline package struct Failure: Sendable, Hashable {
    @usableFromInline package let code: String
    @usableFromInline package let message: String
    /// Then trying again is of no use.
    @usableFromInline package let isSenderFault: Bool

    @inlinable package init(code: String, message: String, isSenderFault: Bool) {
      self.code = code
      self.message = message
      self.isSenderFault = isSenderFault
    }
  }

  @usableFromInline struct Entry {
    @usableFromInline let payload: Payload
    @usableFromInline let byteCount: Int
    @usableFromInline var attemptCount = 0

    @inlinable init(payload: Payload, byteCount: Int) {
      self.payload = payload
      self.byteCount = byteCount
    }
  }

  @usableFromInline let limits: Limits
  @usableFromInline var queue = Deque<Entry>()
  @usableFromInline var queuedByteCount = 0
  @usableFromInline var underWay: [Int: [Entry]] = [:]
  @usableFromInline var nextBatchID = 0

  @inlinable package init(limits: Limits = Limits()) {
    precondition(limits.batchEntryCountMax > 0 && limits.callCountMax > 0 && limits.attemptCountMax > 0)
    self.limits = limits
  }

  @inlinable package var queuedEntryCount: Int { queue.count }
  @inlinable package var callCount: Int { underWay.count }
  /// Nothing waits and nothing is under way: the web tier may stop.
  @inlinable package var isIdle: Bool { queue.isEmpty && underWay.isEmpty }

  /// An entry is to be sent.
  /// - Parameter byteCount: of its message body, if it has one.
  @inlinable package mutating func submit(_ payload: Payload, byteCount: Int) -> [Action] {
    submit(CollectionOfOne((payload: payload, byteCount: byteCount)))
  }

  /// Entries are to be sent, together where they fit.
  @inlinable package mutating func submit(_ entries: some Sequence<(payload: Payload, byteCount: Int)>) -> [Action] {
    var actions: [Action] = []
    for (payload, byteCount) in entries {
      if byteCount > limits.batchByteCountMax {
        actions.append(.reject(payload, .tooLarge(byteCountMax: limits.batchByteCountMax)))
      } else if queue.count >= limits.queuedEntryCountMax {
        actions.append(.reject(payload, .full))
      } else {
        queue.append(Entry(payload: payload, byteCount: byteCount))
        queuedByteCount += byteCount
      }
    }
    startCalls(&actions)
    return actions
  }

  /// A call returned.
  /// - Parameter failures: by place in the batch, of the entries that SQS did not take. One that SQS says nothing of is
  ///   to be among them: it may be lost.
  @inlinable package mutating func batchCompleted(_ id: Int, failures: [Int: Failure]) -> [Action] {
    settle(id) { failures[$0] }
  }

  /// A call failed as a whole: it never reached SQS, its answer was lost, or SQS refused it.
  @inlinable package mutating func batchFailed(_ id: Int, _ failure: Failure) -> [Action] {
    settle(id) { _ in failure }
  }

  @inlinable mutating func settle(_ id: Int, failure: (Int) -> Failure?) -> [Action] {
    guard let entries = underWay.removeValue(forKey: id) else {
      preconditionFailure("batch \(id) is not under way")
    }
    var actions: [Action] = []
    var again: [Entry] = []
    for place in entries.indices {
      let entry = entries[place]
      switch failure(place) {
      case nil:
        actions.append(.resolve(entry.payload))
      case let failure? where failure.isSenderFault:
        actions.append(.reject(entry.payload, .refused(code: failure.code, message: failure.message)))
      case let failure? where entry.attemptCount >= limits.attemptCountMax:
        actions.append(.reject(entry.payload, .unavailable(code: failure.code, message: failure.message)))
      default:
        again.append(entry)
      }
    }
    // They have waited longest.
    for entry in again.reversed() {
      queue.prepend(entry)
      queuedByteCount += entry.byteCount
    }
    startCalls(&actions)
    return actions
  }

  @inlinable var isFullBatchWaiting: Bool {
    queue.count >= limits.batchEntryCountMax || queuedByteCount > limits.batchByteCountMax
  }

  @inlinable mutating func startCalls(_ actions: inout [Action]) {
    while !queue.isEmpty, underWay.isEmpty || (underWay.count < limits.callCountMax && isFullBatchWaiting) {
      var entries: [Entry] = []
      var payloads: [Payload] = []
      var byteCount = 0
      while entries.count < limits.batchEntryCountMax, var entry = queue.popFirst() {
        guard byteCount + entry.byteCount <= limits.batchByteCountMax else {
          queue.prepend(entry)
          break
        }
        byteCount += entry.byteCount
        entry.attemptCount += 1
        entries.append(entry)
        payloads.append(entry.payload)
      }
      queuedByteCount -= byteCount
      actions.append(.send(Batch(id: nextBatchID, payloads: payloads)))
      underWay[nextBatchID] = entries
      nextBatchID += 1
    }
  }
}
