import DequeModule
import EventLoop
import Recognition

/// Images that wait for a processor, in the order they came. Each processor takes one when it is idle, and several at once
/// when so many have come while it was not: nobody waits for a batch to fill.
@LoopActor final class RecognitionQueue {
  enum Failure: Error {
    /// The task was cancelled, or its image not wanted any more, before its turn came.
    case cancelled
    case recognition(RecognitionError)
  }

  private struct Entry {
    let ticket: Int
    let image: [UInt8]
    let model: ImageRecognition
    let begin: @LoopActor () -> Bool
    let continuation: CheckedContinuation<Result<RecognitionResult, Failure>, Never>
  }

  private let processorCount: Int
  private var idleCount: Int
  private var waiting: Deque<Entry> = []
  private var nextTicket = 0

  init(processorCount: Int) {
    self.processorCount = processorCount
    idleCount = processorCount
  }

  /// - Parameters:
  ///   - image: a file.
  ///   - begin: told when it is the image's turn; false when it is not wanted any more.
  func result(
    for image: [UInt8], with model: ImageRecognition, begin: @escaping @LoopActor () -> Bool
  ) async throws(Failure) -> RecognitionResult {
    if Task.isCancelled { throw .cancelled }
    let ticket = nextTicket
    nextTicket += 1
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        waiting.append(Entry(ticket: ticket, image: image, model: model, begin: begin, continuation: continuation))
        dispatch()
      }
    } onCancel: {
      EventLoop.shared.spawn { self.cancel(ticket) }
    }
    return try result.get()
  }

  private func dispatch() {
    while idleCount > 0, let batch = nextBatch() {
      idleCount -= 1
      EventLoop.shared.spawn { [self] in await recognize(batch) }
    }
  }

  private func recognize(_ batch: [Entry]) async {
    let results = await batch[0].model.results(for: batch.map(\.image))
    idleCount += 1
    // First, for the processor's sake.
    dispatch()
    for (entry, result) in zip(batch, results) {
      entry.continuation.resume(returning: result.mapError(Failure.recognition))
    }
  }

  /// The oldest image and others for the same model; no more than its share when the others are divided among all
  /// processors.
  private func nextBatch() -> [Entry]? {
    var batch: [Entry] = []
    while batch.isEmpty, let model = waiting.first?.model {
      let count = waiting.count { $0.model === model }
      let countMax = min(model.batchSize, (count + processorCount - 1) / processorCount)
      var index = waiting.startIndex
      while index < waiting.endIndex, batch.count < countMax {
        guard waiting[index].model === model else {
          index += 1
          continue
        }
        let entry = waiting.remove(at: index)
        if entry.begin() { batch.append(entry) } else { entry.continuation.resume(returning: .failure(.cancelled)) }
      }
    }
    return batch.isEmpty ? nil : batch
  }

  private func cancel(_ ticket: Int) {
    guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
    waiting.remove(at: index).continuation.resume(returning: .failure(.cancelled))
  }
}
