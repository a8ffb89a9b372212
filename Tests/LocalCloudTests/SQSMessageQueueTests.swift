import Testing

@testable import LocalCloud

/// The rules of a queue, with the time passed in: nothing here waits.
@Suite("SQS: a queue's rules")
struct SQSMessageQueueTests {
  var queue = MessageQueue(settings: .init(retention: .seconds(1000)))
  var lastWaiter: UInt64 = 0

  private func time(_ seconds: Double) -> EpochTime { EpochTime(milliseconds: 1_000_000 + Int64(seconds * 1000)) }

  private func message(_ sequence: UInt64, sent: Double = 0, delay: Double = 0) -> QueuedMessage {
    QueuedMessage(
      sequence: sequence, sentAt: time(sent), state: delay > 0 ? .delayed(until: time(sent + delay)) : .visible)
  }

  private mutating func receive(
    _ countMax: Int = 10, timeout: Double = 30, wait: Double = 0, at now: Double
  ) -> [MessageQueue.Action] {
    lastWaiter += 1
    return queue.receive(
      .init(
        id: lastWaiter, countMax: countMax, visibilityTimeout: .milliseconds(Int(timeout * 1000)),
        deadline: time(now + wait), isShortPoll: wait == 0), at: time(now))
  }

  /// What a receive that does not wait gets.
  private mutating func take(_ countMax: Int = 10, timeout: Double = 30, at now: Double) -> [QueuedMessage] {
    receive(countMax, timeout: timeout, at: now).compactMap { action in
      if case .answer(lastWaiter, let messages) = action { messages } else { nil }
    }.first ?? []
  }

  private func receipt(_ message: QueuedMessage) -> Receipt {
    Receipt(sequence: message.sequence, receiveCount: message.receiveCount)
  }

  private var counts: [Int] { [queue.visibleCount, queue.inFlightCount, queue.delayedCount] }

  // MARK: Receiving

  @Test("messages are received oldest first, no more than asked for, and are then in flight")
  mutating func order() {
    for sequence in 1...5 { queue.add(message(UInt64(sequence))) }
    #expect(counts == [5, 0, 0])
    #expect(take(3, at: 1).map(\.sequence) == [1, 2, 3])
    #expect(counts == [2, 3, 0])
    #expect(take(3, at: 1).map(\.sequence) == [4, 5])
    #expect(take(3, at: 1).isEmpty)
    #expect(counts == [0, 5, 0])
  }

  @Test("a message becomes visible again exactly when its visibility timeout is over, before newer ones")
  mutating func visibilityTimeout() {
    queue.add(message(1))
    #expect(take(timeout: 30, at: 0).first?.receiveCount == 1)
    queue.add(message(2))
    #expect(queue.nextDeadline == time(30))
    #expect(take(1, at: 29.999).map(\.sequence) == [2])
    let again = take(1, at: 30)
    #expect(again.map(\.sequence) == [1])
    #expect(again.first?.receiveCount == 2)
    #expect(again.first?.firstReceivedAt == time(0))
  }

  @Test("a visibility timeout of zero leaves the message visible, but not for the same receive")
  mutating func zeroTimeout() {
    queue.add(message(1))
    #expect(take(10, timeout: 0, at: 1).count == 1)
    #expect(counts == [1, 0, 0])
    #expect(take(10, timeout: 0, at: 1).first?.receiveCount == 2)
  }

  @Test("a delayed message is not received before its time")
  mutating func delay() {
    queue.add(message(1, delay: 5))
    #expect(counts == [0, 0, 1])
    #expect(take(at: 4.999).isEmpty)
    #expect(take(at: 5).map(\.sequence) == [1])
  }

  // MARK: Long polls

  @Test("a long poll is answered by the first message that is sent, with the whole batch")
  mutating func longPoll() {
    #expect(receive(wait: 20, at: 0).isEmpty)
    #expect(queue.nextDeadline == time(20))
    for sequence in 1...3 { queue.add(message(UInt64(sequence))) }
    guard case .answer(1, let messages)? = queue.advance(to: time(3)).first else {
      Issue.record("the long poll was not answered")
      return
    }
    #expect(messages.map(\.sequence) == [1, 2, 3])
    #expect(queue.waiterCount == 0)
  }

  @Test("a long poll is answered when a delayed and when an invisible message becomes visible")
  mutating func longPollWokenByTime() {
    queue.add(message(1, delay: 2))
    #expect(receive(timeout: 3, wait: 20, at: 0).isEmpty)
    #expect(queue.nextDeadline == time(2))
    #expect(queue.advance(to: time(1.999)).isEmpty)
    #expect(queue.advance(to: time(2)).count == 1)
    #expect(receive(wait: 20, at: 2).isEmpty)
    #expect(queue.nextDeadline == time(5))
    guard case .answer(2, let messages)? = queue.advance(to: time(5)).first else {
      Issue.record("the long poll was not answered")
      return
    }
    #expect(messages.first?.receiveCount == 2)
  }

  @Test("a long poll that gets nothing is answered with nothing at its end, not before")
  mutating func longPollEnds() {
    #expect(receive(wait: 20, at: 0).isEmpty)
    #expect(queue.advance(to: time(19.999)).isEmpty)
    #expect(queue.advance(to: time(20)) == [.answer(waiter: 1, [])])
    #expect(queue.nextDeadline == nil)
  }

  @Test("receivers are served in the order they came, one message each when that is what they ask for")
  mutating func fairness() {
    for _ in 1...3 { #expect(receive(1, wait: 20, at: 0).isEmpty) }
    queue.add(message(1))
    queue.add(message(2))
    let answered = queue.advance(to: time(1)).compactMap { action -> UInt64? in
      if case .answer(let waiter, _) = action { waiter } else { nil }
    }
    #expect(answered == [1, 2])
    #expect(queue.waiterCount == 1)
  }

  @Test("a receiver that went away takes no message")
  mutating func cancelled() {
    #expect(receive(wait: 20, at: 0).isEmpty)
    #expect(receive(wait: 20, at: 0).isEmpty)
    queue.cancel(waiter: 1)
    queue.add(message(1))
    guard case .answer(2, let messages)? = queue.advance(to: time(1)).first else {
      Issue.record("the second receiver was not answered")
      return
    }
    #expect(messages.count == 1)
  }

  @Test("messages given back are visible at once, not counted as received, and go to the next in line")
  mutating func giveBack() {
    queue.add(message(1))
    let taken = take(at: 0)
    #expect(receive(wait: 20, at: 1).isEmpty)
    guard case .answer(2, let messages)? = queue.giveBack(taken.map(receipt), at: time(2)).first else {
      Issue.record("the next in line was not answered")
      return
    }
    #expect(messages.first?.receiveCount == 1)
    #expect(messages.first?.firstReceivedAt == time(2))
    // What has been received by somebody else since is not theirs to give back.
    let late = queue.giveBack([Receipt(sequence: 1, receiveCount: 0)], at: time(3))
    #expect(late.isEmpty)
    #expect(counts == [0, 1, 0])
  }

  // MARK: Receipts

  @Test("only the latest receipt deletes, also after its visibility timeout while nobody received it again")
  mutating func receipts() {
    queue.add(message(1))
    let first = receipt(take(at: 0)[0])
    #expect(queue.deletes(first))
    _ = queue.advance(to: time(40))
    #expect(queue.deletes(first))
    let second = receipt(take(at: 40)[0])
    #expect(!queue.deletes(first))
    #expect(queue.deletes(second))
    #expect(queue.remove(1) != nil)
    #expect(!queue.deletes(second))
    #expect(queue.remove(1) == nil)
    #expect(counts == [0, 0, 0])
  }

  @Test("a visibility timeout is changed from now on, to zero makes the message visible at once")
  mutating func changeVisibility() throws {
    queue.add(message(1))
    let handle = receipt(take(timeout: 30, at: 0)[0])
    _ = try queue.changeVisibility(of: handle, to: .seconds(60), at: time(20))
    #expect(queue.advance(to: time(79.999)).isEmpty)
    #expect(queue.inFlightCount == 1)
    _ = queue.advance(to: time(80))
    #expect(queue.visibleCount == 1)
    let again = receipt(take(at: 80)[0])
    _ = try queue.changeVisibility(of: again, to: .zero, at: time(81))
    #expect(counts == [1, 0, 0])
  }

  @Test("a visibility timeout cannot be changed of what is not in flight, was received again, or is gone")
  mutating func changeVisibilityErrors() {
    queue.add(message(1))
    let handle = receipt(take(timeout: 30, at: 0)[0])
    func change(_ receipt: Receipt, _ seconds: Int, at now: Double) -> MessageQueue.ReceiptError? {
      var copy = queue
      do throws(MessageQueue.ReceiptError) {
        _ = try copy.changeVisibility(of: receipt, to: .seconds(seconds), at: time(now))
        return nil
      } catch {
        return error
      }
    }
    #expect(change(handle, 43_199, at: 1) == nil)
    #expect(change(handle, 43_200, at: 1) == .tooLong)
    #expect(change(handle, 10, at: 30) == .notInFlight)
    let second = receipt(take(at: 31)[0])
    #expect(change(handle, 10, at: 32) == .notInFlight)
    queue.remove(1)
    #expect(change(second, 10, at: 33) == .gone)
  }

  // MARK: Redrive, retention, bounds

  @Test("the receive after the last allowed one moves the message out instead, and serves the next")
  mutating func redrive() {
    queue.settings.receiveCountMax = 2
    queue.add(message(1))
    queue.add(message(2, sent: 1))
    for round in 0..<2 { #expect(take(1, timeout: 1, at: Double(round) * 2).map(\.sequence) == [1]) }
    let actions = receive(1, at: 5)
    #expect(actions.count == 2)
    guard case .answer(_, let received)? = actions.first, case .deadLetter(let dead)? = actions.last else {
      Issue.record("unexpected actions: \(actions)")
      return
    }
    #expect(received.map(\.sequence) == [2])
    #expect(dead.map(\.sequence) == [1])
    #expect(dead.first?.receiveCount == 2)
    #expect(dead.first?.sentAt == time(0))
    #expect(counts == [0, 1, 0])
  }

  @Test("a dead-letter queue's own redrive policy counts from the message's arrival there")
  mutating func redriveChain() {
    queue.settings.receiveCountMax = 1
    var arrived = message(1)
    arrived.receiveCount = 5
    arrived.receiveCountOnArrival = 5
    queue.add(arrived)
    #expect(take(timeout: 0, at: 0).first?.receiveCount == 6)
    #expect(take(at: 1).isEmpty)
    #expect(queue.messages.isEmpty)
  }

  @Test("messages leave after the retention period, in whatever state they are; a shorter one holds at once")
  mutating func retention() {
    queue.add(message(1))
    queue.add(message(2, sent: 1, delay: 100))
    #expect(take(1, timeout: 5000, at: 0).count == 1)
    #expect(queue.advance(to: time(999)).isEmpty)
    #expect(queue.advance(to: time(1000)) == [.expire([1])])
    queue.settings.retention = .seconds(60)
    #expect(queue.advance(to: time(1000)) == [.expire([2])])
    #expect(counts == [0, 0, 0])
    #expect(queue.nextDeadline == nil)
  }

  @Test("at the bound of messages in flight a short poll is refused and a long poll waits")
  mutating func inFlightBound() {
    queue = MessageQueue(inFlightCountMax: 2)
    for sequence in 1...3 { queue.add(message(UInt64(sequence))) }
    let handles = take(10, at: 0)
    #expect(handles.count == 2)
    #expect(receive(at: 1) == [.refuse(waiter: 2)])
    #expect(receive(wait: 10, at: 1).isEmpty)
    queue.remove(1)
    guard case .answer(3, let messages)? = queue.advance(to: time(2)).first else {
      Issue.record("the long poll was not answered")
      return
    }
    #expect(messages.map(\.sequence) == [3])
  }

  @Test("taking visible messages out leaves those in flight and delayed")
  mutating func takeVisible() {
    for sequence in 1...3 { queue.add(message(UInt64(sequence))) }
    queue.add(message(4, delay: 9))
    _ = take(1, at: 0)
    #expect(queue.takeVisible(10).map(\.sequence) == [2, 3])
    #expect(counts == [0, 1, 1])
    #expect(queue.removeAll() == [1, 4])
    #expect(counts == [0, 0, 0])
  }
}
