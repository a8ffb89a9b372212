import EventLoop
import TestSupport
import Testing

@testable import LocalCloud

/// Twenty thousand steps by chance for each seed, each compared to a reference that looks at every message every time.
@Suite("SQS: a queue against its reference")
struct SQSQueueModelTests {
  /// The rules again, without any index: what is visible when is worked out from the times alone.
  private struct Reference {
    struct Message {
      var sentAt: Int64
      var visibleAt: Int64
      var receivedAt: Int64?
      var receiveCount = 0
    }
    var messages: [UInt64: Message] = [:]
    var receiveCountMax: Int?
    let retention: Int64

    mutating func expire(_ now: Int64) -> Set<UInt64> {
      let gone = Set(messages.filter { $0.value.sentAt + retention <= now }.keys)
      for sequence in gone { messages[sequence] = nil }
      return gone
    }

    mutating func receive(_ countMax: Int, _ timeout: Int64, _ now: Int64) -> (received: [UInt64], dead: Set<UInt64>) {
      var received: [UInt64] = []
      var dead = Set<UInt64>()
      for sequence in messages.filter({ $0.value.visibleAt <= now }).keys.sorted() where received.count < countMax {
        if let receiveCountMax, messages[sequence]?.receiveCount ?? 0 >= receiveCountMax {
          messages[sequence] = nil
          dead.insert(sequence)
          continue
        }
        messages[sequence]?.receiveCount += 1
        messages[sequence]?.receivedAt = now
        messages[sequence]?.visibleAt = now + timeout
        received.append(sequence)
      }
      return (received, dead)
    }

    func counts(_ now: Int64) -> [Int] {
      let visible = messages.values.count { $0.visibleAt <= now }
      let inFlight = messages.values.count { $0.visibleAt > now && $0.receivedAt != nil }
      return [visible, inFlight, messages.count - visible - inFlight]
    }
  }

  @Test("a queue does what its reference does", arguments: [1, 2, 3, 20_261_124] as [UInt64])
  func agrees(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let receiveCountMax = seed.isMultiple(of: 2) ? 3 : nil
    var queue = MessageQueue(settings: .init(retention: .seconds(120), receiveCountMax: receiveCountMax))
    var reference = Reference(receiveCountMax: receiveCountMax, retention: 120_000)
    var now: Int64 = 1_700_000_000_000
    var sequence: UInt64 = 0
    var receipts: [Receipt] = []

    for step in 0..<20_000 {
      now += Int64.random(in: 0...400, using: &random)
      let time = EpochTime(milliseconds: now)
      var actions: [MessageQueue.Action] = []
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<40:
        sequence += 1
        let delay = Bool.random(using: &random) ? 0 : Int64.random(in: 1...5000, using: &random)
        queue.add(
          QueuedMessage(
            sequence: sequence, sentAt: time,
            state: delay > 0 ? .delayed(until: EpochTime(milliseconds: now + delay)) : .visible))
        reference.messages[sequence] = .init(sentAt: now, visibleAt: now + delay)
      case 40..<70:
        let countMax = Int.random(in: 1...10, using: &random)
        let timeout = Int64.random(in: 0...8000, using: &random)
        let expired = reference.expire(now)
        let expected = reference.receive(countMax, timeout, now)
        actions = queue.receive(
          .init(
            id: UInt64(step), countMax: countMax, visibilityTimeout: .milliseconds(timeout), deadline: time,
            isShortPoll: true), at: time)
        var (received, dead, gone) = ([QueuedMessage](), Set<UInt64>(), Set<UInt64>())
        for action in actions {
          switch action {
          case .answer(_, let messages): received = messages
          case .deadLetter(let messages): dead.formUnion(messages.map(\.sequence))
          case .expire(let sequences): gone.formUnion(sequences)
          case .refuse: Issue.record("refused at step \(step)")
          }
        }
        #expect(received.map(\.sequence) == expected.received, "step \(step)")
        #expect(dead == expected.dead, "step \(step)")
        #expect(gone == expired, "step \(step)")
        for message in received {
          #expect(message.receiveCount == reference.messages[message.sequence]?.receiveCount, "step \(step)")
          receipts.append(Receipt(sequence: message.sequence, receiveCount: message.receiveCount))
        }
      case 70..<85:
        guard let receipt = receipts.randomElement(using: &random) else { continue }
        let isLatest = reference.messages[receipt.sequence]?.receiveCount == receipt.receiveCount
        #expect(queue.deletes(receipt) == isLatest, "step \(step)")
        if isLatest {
          queue.remove(receipt.sequence)
          reference.messages[receipt.sequence] = nil
        }
      case 85..<95:
        guard let receipt = receipts.randomElement(using: &random) else { continue }
        let timeout = Int64.random(in: 0...8000, using: &random)
        let message = reference.messages[receipt.sequence]
        let isAllowed = message.map { $0.receiveCount == receipt.receiveCount && $0.visibleAt > now } ?? false
        let changed = try? queue.changeVisibility(of: receipt, to: .milliseconds(timeout), at: time)
        #expect((changed != nil) == isAllowed, "step \(step)")
        if isAllowed { reference.messages[receipt.sequence]?.visibleAt = now + timeout }
      default:
        _ = reference.expire(now)
        _ = queue.advance(to: time)
        #expect([queue.visibleCount, queue.inFlightCount, queue.delayedCount] == reference.counts(now), "step \(step)")
        #expect(Set(queue.messages.keys) == Set(reference.messages.keys), "step \(step)")
      }
    }
    #expect(sequence > 1000)
  }
}
