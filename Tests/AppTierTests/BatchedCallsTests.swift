import EventLoop
import TestSupport
import Testing

@testable import AWS
@testable import AppTier

@Suite("Batched calls")
struct BatchedCallsTests {
  /// A call that returns when it is told to, and remembers what it was called with.
  @LoopActor final class Calls {
    typealias Outcome = Result<[Result<Void, SQSEntryFailure>], AWSError>
    private(set) var batches: [[Int]] = []
    private var waiting: [CheckedContinuation<Outcome, Never>] = []

    nonisolated init() {}

    func make() -> BatchedCalls<Int> {
      BatchedCalls(entryCountMax: 100) { (batch) async throws(AWSError) in
        self.batches.append(batch)
        return try await withCheckedContinuation { self.waiting.append($0) }.get()
      }
    }

    /// Ends the oldest call; nil takes every entry.
    func end(_ outcome: Outcome? = nil) {
      let batch = batches[batches.count - waiting.count]
      waiting.removeFirst().resume(returning: outcome ?? .success(batch.map { _ in .success(()) }))
    }
  }

  /// Starts to perform each, in order, and returns when the loop has nothing left to do but wait for calls.
  @LoopActor
  private func begin(
    _ elements: some Sequence<Int>, on calls: BatchedCalls<Int>, patience: Duration = .zero
  ) async -> [Task<String, any Error>] {
    let tasks = elements.map { element in
      EventLoop.shared.start { () -> String in
        do throws(BatchedCallError) {
          try await calls.perform(element, patience: patience)
          return "ok"
        } catch {
          return error.code.isEmpty ? error.message : error.code
        }
      }
    }
    await turn()
    return tasks
  }

  private func values(of tasks: [Task<String, any Error>]) async throws -> [String] {
    var values: [String] = []
    for task in tasks { values.append(try await task.value) }
    return values
  }

  /// Lets everything run that is ready, and what that makes ready.
  @LoopActor private func turn() async { for _ in 0..<8 { await Task.yield() } }

  @Test("entries that may wait go when they are ten, with one that may not, or when the shortest wait is over")
  func patience() async throws {
    try await onLoop {
      let calls = Calls()
      let batched = calls.make()
      var tasks = await begin(0..<9, on: batched, patience: .seconds(3600))
      #expect(calls.batches == [])
      #expect(!batched.isIdle)
      tasks += await begin([9], on: batched, patience: .seconds(3600))
      #expect(calls.batches == [Array(0..<10)])
      calls.end()

      tasks += await begin(10..<12, on: batched, patience: .seconds(3600))
      tasks += await begin([12], on: batched)
      #expect(calls.batches.last == [10, 11, 12])
      calls.end()

      tasks += await begin([13], on: batched, patience: .seconds(3600))
      tasks += await begin([14], on: batched, patience: .milliseconds(1))
      while calls.batches.count < 3 { try await sleep(for: .milliseconds(1)) }
      #expect(calls.batches.last == [13, 14])
      calls.end()

      tasks += await begin([15], on: batched, patience: .seconds(3600))
      batched.flush()
      await turn()
      #expect(calls.batches.last == [15])
      calls.end()
      #expect(try await values(of: tasks) == [String](repeating: "ok", count: 16))
      #expect(batched.isIdle)
    }
  }

  @Test("the first entry goes at once, the next ten together when it returns")
  func nagle() async throws {
    try await onLoop {
      let calls = Calls()
      let batched = calls.make()
      let tasks = await begin(0...10, on: batched)
      #expect(calls.batches.first == [0])
      calls.end()
      await turn()
      if calls.batches.count == 2 { calls.end() }
      let outcomes = try await values(of: tasks)
      #expect(Set(outcomes) == ["ok"])
      #expect(calls.batches == [[0], Array(1...10)])
      #expect(batched.isIdle)
    }
  }

  @Test("an entry that SQS failed is tried once more, one that is at fault is not")
  func entryFailures() async throws {
    try await onLoop {
      let calls = Calls()
      let batched = calls.make()
      let tasks = await begin([1], on: batched)
      let busy = SQSEntryFailure(code: "InternalError", message: "", isSenderFault: false)
      calls.end(.success([.failure(busy)]))
      await turn()
      #expect(calls.batches == [[1], [1]])
      calls.end(.success([.failure(busy)]))
      let outcome1 = try await values(of: tasks)
      #expect(outcome1 == ["InternalError"])

      let next = await begin([2], on: batched)
      calls.end(.success([.failure(SQSEntryFailure(code: "InvalidContents", message: "", isSenderFault: true))]))
      let outcome2 = try await values(of: next)
      #expect(outcome2 == ["InvalidContents"])
      #expect(calls.batches == [[1], [1], [2]])
    }
  }

  @Test("a call that fails as a whole fails all its entries, and the next call goes on")
  func callFailure() async throws {
    try await onLoop {
      let calls = Calls()
      let batched = calls.make()
      let first = await begin([0], on: batched)
      let rest = await begin([1, 2], on: batched)
      calls.end()
      let outcome3 = try await values(of: first)
      #expect(outcome3 == ["ok"])
      await turn()
      calls.end(.failure(.service(ServiceError(code: "QueueDoesNotExist", status: 400))))
      let refused = try await values(of: rest)
      #expect(refused == ["QueueDoesNotExist", "QueueDoesNotExist"])
      let last = await begin([3], on: batched)
      calls.end()
      let outcome4 = try await values(of: last)
      #expect(outcome4 == ["ok"])
      #expect(calls.batches == [[0], [1, 2], [3]])
    }
  }
}
