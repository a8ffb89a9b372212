import EventLoop
import Foundation
import TestSupport
import Testing

@testable import AppTier
@testable import Recognition

@Suite("Images that wait for a processor")
struct RecognitionQueueTests {
  /// A model behind a gate, which says of each image what its bytes are, and remembers what it saw together.
  private final class Model: @unchecked Sendable {
    private let condition = NSCondition()
    private var openCount = 0
    private var seen: [UInt8] = []
    let recognition: ImageRecognition

    init(batchSize: Int) {
      let box = Box()
      recognition = ImageRecognition(modelName: "gate", batchSize: batchSize) { (image) throws(RecognitionError) in
        try box.model!.answer(image)
      }
      box.model = self
    }

    private final class Box: @unchecked Sendable { weak var model: Model? }

    private func answer(_ image: [UInt8]) throws(RecognitionError) -> RecognitionResult {
      condition.withLock {
        seen += image
        condition.broadcast()
        while openCount == 0 { condition.wait() }
        openCount -= 1
      }
      guard image != [13] else { throw .undecoded(.empty) }
      return RecognitionResult(top: [], decoding: .zero, inference: .milliseconds(Int(image[0])))
    }

    /// Lets so many images through.
    func open(_ count: Int) {
      condition.withLock {
        openCount += count
        condition.broadcast()
      }
    }

    func waitUntilSeen(_ count: Int) -> [UInt8] {
      condition.withLock {
        while seen.count < count { condition.wait() }
        return seen
      }
    }
  }

  @LoopActor private final class Log {
    var begun: [UInt8] = []
    var results: [UInt8: Result<RecognitionResult, RecognitionQueue.Failure>] = [:]

    func inference(of image: UInt8) -> Duration? { try? results[image]?.get().inference }
  }

  @LoopActor private func ask(
    _ queue: RecognitionQueue, _ images: [UInt8], _ model: ImageRecognition, _ log: Log, wanted: Bool = true
  ) -> [Task<Void, Never>] {
    images.map { image in
      EventLoop.shared.spawn {
        do throws(RecognitionQueue.Failure) {
          log.results[image] = .success(
            try await queue.result(for: [image], with: model) {
              log.begun.append(image)
              return wanted
            })
        } catch {
          log.results[image] = .failure(error)
        }
      }
    }
  }

  /// Until all tasks that can go on have.
  @LoopActor private func turn() async { for _ in 0..<16 { await Task.yield() } }

  @Test("an idle processor takes the first image at once, and then the share of what has come meanwhile")
  func batches() async throws {
    try await onLoop {
      let model = Model(batchSize: 4)
      let queue = RecognitionQueue(processorCount: 1)
      let log = Log()
      var tasks = ask(queue, [1], model.recognition, log)
      await turn()
      #expect(log.begun == [1])
      tasks += ask(queue, [2, 3, 4, 5, 6], model.recognition, log)
      await turn()
      #expect(log.begun == [1])
      model.open(1)
      await tasks[0].value
      #expect(log.begun == [1, 2, 3, 4, 5])
      #expect(await EventLoop.shared.offload { model.waitUntilSeen(2) } == [1, 2])
      model.open(5)
      for task in tasks { await task.value }
      #expect(log.begun == [1, 2, 3, 4, 5, 6])
      for image in UInt8(1)...6 { #expect(log.inference(of: image) == .milliseconds(Int(image))) }
    }
  }

  @Test("what waits is divided among the processors")
  func shares() async throws {
    try await onLoop {
      let model = Model(batchSize: 4)
      let queue = RecognitionQueue(processorCount: 2)
      let log = Log()
      let first = ask(queue, [1, 2], model.recognition, log)
      await turn()
      let others = ask(queue, [3, 4, 5, 6], model.recognition, log)
      await turn()
      #expect(log.begun == [1, 2])
      model.open(1)
      // One of the two, no matter which, is idle now: it takes half of the four.
      while log.results.isEmpty { await turn() }
      #expect(log.begun == [1, 2, 3, 4])
      model.open(5)
      for task in first + others { await task.value }
      #expect(log.begun == [1, 2, 3, 4, 5, 6])
    }
  }

  @Test("images for different models are not in one batch")
  func models() async throws {
    try await onLoop {
      let (one, other) = (Model(batchSize: 4), Model(batchSize: 4))
      let queue = RecognitionQueue(processorCount: 1)
      let log = Log()
      var tasks = ask(queue, [1], one.recognition, log)
      await turn()
      for (image, model) in [(2, one), (3, other), (4, one), (5, other)] as [(UInt8, Model)] {
        tasks += ask(queue, [image], model.recognition, log)
      }
      await turn()
      one.open(3)
      other.open(2)
      for task in tasks { await task.value }
      #expect(log.begun == [1, 2, 4, 3, 5])
      let seen = await EventLoop.shared.offload { (one.waitUntilSeen(3), other.waitUntilSeen(2)) }
      #expect(seen == ([1, 2, 4], [3, 5]))
    }
  }

  @Test("an image that fails fails alone")
  func failure() async throws {
    try await onLoop {
      let model = Model(batchSize: 4)
      let queue = RecognitionQueue(processorCount: 1)
      let log = Log()
      let first = ask(queue, [1], model.recognition, log)
      await turn()
      let others = ask(queue, [12, 13, 14], model.recognition, log)
      await turn()
      model.open(4)
      for task in first + others { await task.value }
      #expect(throws: RecognitionQueue.Failure.self) { try log.results[13]?.get() }
      for image in [12, 14] as [UInt8] {
        #expect(log.inference(of: image) == .milliseconds(Int(image)))
      }
    }
  }

  @Test("who is cancelled while waiting, or not wanted any more, costs no turn")
  func cancellation() async throws {
    try await onLoop {
      let model = Model(batchSize: 1)
      let queue = RecognitionQueue(processorCount: 1)
      let log = Log()
      let first = ask(queue, [1], model.recognition, log)
      await turn()
      let cancelled = ask(queue, [2], model.recognition, log)
      let unwanted = ask(queue, [3], model.recognition, log, wanted: false)
      let patient = ask(queue, [4], model.recognition, log)
      await turn()
      cancelled[0].cancel()
      await cancelled[0].value
      model.open(2)
      for task in first + unwanted + patient { await task.value }
      #expect(log.begun == [1, 3, 4])
      for image in [2, 3] as [UInt8] {
        guard case .failure(.cancelled) = log.results[image] else {
          Issue.record("\(image): \(String(describing: log.results[image]))")
          continue
        }
      }
      #expect(log.inference(of: 4) == .milliseconds(4))
    }
  }
}
