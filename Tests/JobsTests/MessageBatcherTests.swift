import EventLoop
import Jobs
import TestSupport
import Testing

@Suite("The message batcher")
struct MessageBatcherTests {
  typealias Batcher = MessageBatcher<Int>

  /// What actions came to, in a form that compares.
  enum Step: Equatable {
    case send(id: Int, [Int])
    case resolve(Int)
    case reject(Int, Batcher.Rejection)
  }

  func steps(_ actions: [Batcher.Action]) -> [Step] {
    actions.map {
      switch $0 {
      case .send(let batch): .send(id: batch.id, batch.payloads)
      case .resolve(let payload): .resolve(payload)
      case .reject(let payload, let rejection): .reject(payload, rejection)
      }
    }
  }

  let busy = Batcher.Failure(code: "InternalError", message: "busy", isSenderFault: false)
  let invalid = Batcher.Failure(code: "InvalidMessageContents", message: "bad", isSenderFault: true)

  @Test("with nothing under way an entry is sent at once")
  func idle() {
    var batcher = Batcher()
    #expect(batcher.isIdle)
    #expect(steps(batcher.submit(1, byteCount: 100)) == [.send(id: 0, [1])])
    #expect(!batcher.isIdle)
    #expect(steps(batcher.batchCompleted(0, failures: [:])) == [.resolve(1)])
    #expect(batcher.isIdle)
  }

  @Test("entries that come together go together, ten a call, and what no call could carry is refused alone")
  func together() {
    var limits = Batcher.Limits()
    limits.batchByteCountMax = 1000
    var batcher = Batcher(limits: limits)
    let entries = (0..<13).map { (payload: $0, byteCount: $0 == 5 ? 1001 : 10) }
    #expect(
      steps(batcher.submit(entries)) == [
        .reject(5, .tooLarge(byteCountMax: 1000)), .send(id: 0, [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]),
      ])
    #expect(batcher.queuedEntryCount == 2)
    let next = steps(batcher.batchCompleted(0, failures: [:]))
    #expect(next.last == .send(id: 1, [11, 12]))
  }

  @Test("while a call is under way entries collect, and go together when it returns")
  func collecting() {
    var batcher = Batcher()
    _ = batcher.submit(0, byteCount: 1)
    for entry in 1...9 { #expect(steps(batcher.submit(entry, byteCount: 1)) == []) }
    #expect(batcher.queuedEntryCount == 9)
    #expect(steps(batcher.batchCompleted(0, failures: [:])) == [.resolve(0), .send(id: 1, Array(1...9))])
  }

  @Test("a full batch does not wait for the call under way; the fifth one does")
  func parallelCalls() {
    var batcher = Batcher()
    var sent: [Step] = []
    for entry in 0..<60 { sent += steps(batcher.submit(entry, byteCount: 1)) }
    #expect(
      sent == [
        .send(id: 0, [0]), .send(id: 1, Array(1...10)), .send(id: 2, Array(11...20)), .send(id: 3, Array(21...30)),
      ])
    #expect(batcher.callCount == 4)
    #expect(batcher.queuedEntryCount == 29)
    // Calls may return in any order.
    let after = steps(batcher.batchCompleted(2, failures: [:]))
    #expect(after == (11...20).map { .resolve($0) } + [.send(id: 4, Array(31...40))])
  }

  @Test("a second call is not made for less than a full batch, also when one of several returns")
  func noHalfFullSecondCall() {
    var batcher = Batcher()
    for entry in 0..<14 { _ = batcher.submit(entry, byteCount: 1) }
    #expect(batcher.callCount == 2)
    #expect(steps(batcher.batchCompleted(0, failures: [:])) == [.resolve(0)])
    #expect(batcher.queuedEntryCount == 3)
    #expect(
      steps(batcher.batchCompleted(1, failures: [:])) == (1...10).map { .resolve($0) } + [.send(id: 2, [11, 12, 13])])
  }

  @Test("a batch holds no more bytes than SQS takes")
  func batchBytes() {
    var batcher = Batcher()
    let half = 128 * 1024
    _ = batcher.submit(0, byteCount: 1)
    #expect(steps(batcher.submit(1, byteCount: half)) == [])
    #expect(steps(batcher.submit(2, byteCount: half)) == [])
    // Two halves are a whole; with one byte more a full batch is waiting.
    #expect(steps(batcher.submit(3, byteCount: 1)) == [.send(id: 1, [1, 2])])
    #expect(batcher.queuedEntryCount == 1)
    #expect(steps(batcher.submit(4, byteCount: 2 * half)) == [.send(id: 2, [3])])
  }

  @Test("an entry that no call could carry is rejected, and the largest that one could is not")
  func tooLarge() {
    var batcher = Batcher()
    #expect(steps(batcher.submit(1, byteCount: 262_145)) == [.reject(1, .tooLarge(byteCountMax: 262_144))])
    #expect(batcher.isIdle)
    #expect(steps(batcher.submit(2, byteCount: 262_144)) == [.send(id: 0, [2])])
  }

  @Test("past its bound the queue rejects, and takes again when a call has returned")
  func full() {
    var limits = Batcher.Limits()
    limits.queuedEntryCountMax = 3
    limits.callCountMax = 1
    var batcher = Batcher(limits: limits)
    for entry in 0...3 { _ = batcher.submit(entry, byteCount: 1) }
    #expect(steps(batcher.submit(4, byteCount: 1)) == [.reject(4, .full)])
    #expect(steps(batcher.batchCompleted(0, failures: [:])) == [.resolve(0), .send(id: 1, [1, 2, 3])])
    #expect(steps(batcher.submit(5, byteCount: 1)) == [])
  }

  @Test("the bound that it has unless told otherwise is walked into")
  func defaultBound() {
    var batcher = Batcher()
    var rejected = 0
    for entry in 0..<3000 {
      rejected += steps(batcher.submit(entry, byteCount: 1)).contains(.reject(entry, .full)) ? 1 : 0
    }
    #expect(rejected == 3000 - 2048 - 31)
  }

  @Test("an entry that is the sender's fault is rejected at once, its neighbours are not")
  func senderFault() {
    var batcher = Batcher()
    for entry in 0..<4 { _ = batcher.submit(entry, byteCount: 1) }
    _ = batcher.batchCompleted(0, failures: [:])
    #expect(
      steps(batcher.batchCompleted(1, failures: [1: invalid]))
        == [.resolve(1), .reject(2, .refused(code: "InvalidMessageContents", message: "bad")), .resolve(3)])
    #expect(batcher.isIdle)
  }

  @Test("an entry that is SQS's fault is tried again before those that came later, three times in all")
  func retries() {
    var batcher = Batcher()
    _ = batcher.submit(0, byteCount: 1)
    _ = batcher.submit(1, byteCount: 1)
    _ = batcher.submit(2, byteCount: 1)
    #expect(steps(batcher.batchCompleted(0, failures: [0: busy])) == [.send(id: 1, [0, 1, 2])])
    _ = batcher.submit(3, byteCount: 1)
    #expect(
      steps(batcher.batchCompleted(1, failures: [0: busy, 2: busy])) == [.resolve(1), .send(id: 2, [0, 2, 3])])
    #expect(
      steps(batcher.batchCompleted(2, failures: [0: busy, 1: busy]))
        == [.reject(0, .unavailable(code: "InternalError", message: "busy")), .resolve(3), .send(id: 3, [2])])
    #expect(
      steps(batcher.batchCompleted(3, failures: [0: busy]))
        == [.reject(2, .unavailable(code: "InternalError", message: "busy"))])
    #expect(batcher.isIdle)
  }

  @Test("a call that is lost as a whole is tried again, one that is refused is not")
  func wholeCalls() {
    var batcher = Batcher()
    _ = batcher.submit(0, byteCount: 1)
    #expect(steps(batcher.batchFailed(0, busy)) == [.send(id: 1, [0])])
    #expect(steps(batcher.batchFailed(1, busy)) == [.send(id: 2, [0])])
    #expect(
      steps(batcher.batchFailed(2, busy)) == [.reject(0, .unavailable(code: "InternalError", message: "busy"))])
    _ = batcher.submit(1, byteCount: 1)
    #expect(
      steps(batcher.batchFailed(3, invalid))
        == [.reject(1, .refused(code: "InvalidMessageContents", message: "bad"))])
    #expect(batcher.isIdle)
  }

  @Test("entries that are tried again count towards a full batch by their bytes")
  func retriedBytes() {
    var batcher = Batcher()
    _ = batcher.submit(0, byteCount: 200_000)
    #expect(steps(batcher.batchFailed(0, busy)) == [.send(id: 1, [0])])
    #expect(steps(batcher.submit(1, byteCount: 200_000)) == [])
    #expect(steps(batcher.submit(2, byteCount: 200_000)) == [.send(id: 2, [1])])
  }

  @Test("whatever happens, every entry is settled once, and no bound is exceeded")
  func random() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("message batcher seed: \(seed)")
    var random = SplitMix64(seed: seed)
    var batcher = Batcher()
    var sizes: [Int: Int] = [:]
    var attempts: [Int: Int] = [:]
    var settled: [Int: Int] = [:]
    var underWay: [Int: [Int]] = [:]
    func carryOut(_ actions: [Batcher.Action]) {
      for action in actions {
        switch action {
        case .send(let batch):
          #expect((1...10).contains(batch.payloads.count))
          #expect(batch.payloads.reduce(0) { $0 + (sizes[$1] ?? 0) } <= 262_144)
          for entry in batch.payloads { attempts[entry, default: 0] += 1 }
          underWay[batch.id] = batch.payloads
        case .resolve(let entry), .reject(let entry, _):
          settled[entry, default: 0] += 1
        }
      }
      #expect(underWay.count <= 4)
      #expect(batcher.queuedEntryCount == 0 || !underWay.isEmpty)
    }
    var next = 0
    while next < 5000 || !underWay.isEmpty {
      if next < 5000, Int.random(in: 0..<10, using: &random) < 7 || underWay.isEmpty {
        sizes[next] = Int.random(in: 0..<8, using: &random) == 0 ? Int.random(in: 0...262_144, using: &random) : 300
        carryOut(batcher.submit(next, byteCount: sizes[next] ?? 0))
        next += 1
      } else if let id = underWay.keys.sorted().randomElement(using: &random) {
        let jobs = underWay.removeValue(forKey: id) ?? []
        var failures: [Int: Batcher.Failure] = [:]
        for place in jobs.indices where Int.random(in: 0..<10, using: &random) == 0 {
          failures[place] = Bool.random(using: &random) ? busy : invalid
        }
        let isLost = Int.random(in: 0..<20, using: &random) == 0
        carryOut(isLost ? batcher.batchFailed(id, busy) : batcher.batchCompleted(id, failures: failures))
      }
    }
    #expect(batcher.isIdle)
    #expect(settled.count == 5000)
    #expect(settled.values.allSatisfy { $0 == 1 })
    #expect(attempts.values.allSatisfy { $0 <= 3 })
  }
}
