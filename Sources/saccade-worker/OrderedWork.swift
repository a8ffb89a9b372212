import Foundation

/// Does the same work on many inputs, on several threads, and hands the outputs over in the inputs' order.
///
/// An input that takes long holds the others back once `windowCount` of them are done or under way: outputs that wait are
/// bounded. The instance lives as long as its threads, which end with the last input or when it is stopped.
final class OrderedWork<Input: Sendable, Output: Sendable>: @unchecked Sendable {
  private let inputs: [Input]
  private let work: @Sendable (ArraySlice<Input>) -> [Output]
  private let threadCount: Int
  private let batchSize: Int
  private let isAlone: @Sendable (Input) -> Bool
  private let windowCount: Int

  private let condition = NSCondition()
  // All of these are the condition's.
  private var begunCount = 0
  private var takenCount = 0
  private var outputs: [Int: Output] = [:]
  private var isStopped = false

  /// Begins at once.
  /// - Parameters:
  ///   - isAlone: of an input that others must not wait for.
  ///   - work: is given `batchSize` inputs or fewer, and returns as many outputs in their order.
  init(
    _ inputs: [Input], threadCount: Int, batchSize: Int, isAlone: @escaping @Sendable (Input) -> Bool,
    _ work: @escaping @Sendable (ArraySlice<Input>) -> [Output]
  ) {
    self.inputs = inputs
    self.work = work
    self.threadCount = threadCount
    self.batchSize = batchSize
    self.isAlone = isAlone
    windowCount = 8 * threadCount * batchSize
    for _ in 0..<min(threadCount, inputs.count) {
      let thread = Thread { [self] in run() }
      // The main thread's, which image libraries are written for.
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  enum Step {
    case output(Output)
    /// Nothing within the time.
    case nothing
    /// There are no more, or no more will be waited for.
    case end
  }

  /// The next output, in order. For one thread.
  func next(within patience: TimeInterval) -> Step {
    condition.withLock {
      let deadline = Date(timeIntervalSinceNow: patience)
      while true {
        if let output = outputs.removeValue(forKey: takenCount) {
          takenCount += 1
          condition.broadcast()
          return .output(output)
        }
        if isStopped || takenCount == inputs.count { return .end }
        guard condition.wait(until: deadline) else { return .nothing }
      }
    }
  }

  /// Begins no more. What is done already, and next in order, can still be taken.
  func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
    }
  }

  private func run() {
    while let batch = begin() {
      let done = work(inputs[batch])
      condition.withLock {
        for (index, output) in zip(batch, done) { outputs[index] = output }
        condition.broadcast()
      }
    }
  }

  private func begin() -> Range<Int>? {
    condition.withLock {
      while !isStopped, begunCount < inputs.count, begunCount - takenCount >= windowCount { condition.wait() }
      guard !isStopped, begunCount < inputs.count else { return nil }
      // The last ones are shared out: no thread takes four while others have nothing to do.
      let share = (inputs.count - begunCount + threadCount - 1) / threadCount
      let rest = inputs[begunCount...].prefix(min(batchSize, share))
      let batch = rest.prefix(max(1, rest.prefix { !isAlone($0) }.count))
      begunCount = batch.endIndex
      return batch.indices
    }
  }
}
