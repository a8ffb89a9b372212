import AppTier
import Foundation
import Recognition

/// The real recognition behind a gate: tells when an image arrives there, and holds it until the gate opens.
final class Gate: @unchecked Sendable {
  private let condition = NSCondition()
  private var isOpen = false
  private var inside = 0
  private(set) var insideMax = 0
  private(set) var arrivalCount = 0
  private let arrivals: AsyncStream<Void>
  private let arrival: AsyncStream<Void>.Continuation

  init() { (arrivals, arrival) = AsyncStream.makeStream() }

  /// - Parameter recognize: nil for the real thing.
  func recognition(
    _ recognize: (@Sendable ([UInt8]) throws(RecognitionError) -> RecognitionResult)? = nil
  ) throws -> ImageRecognition {
    let recognizer = try Fixtures.recognizer()
    let model = recognizer.classifier.model
    return ImageRecognition(modelName: model.name, modelVersion: model.version) { (image) throws(RecognitionError) in
      self.pass()
      defer { self.leave() }
      if let recognize { return try recognize(image) }
      return try recognizer.recognize(image)
    }
  }

  /// The next image that has come to the gate, whether it was let through or not. For one waiter.
  func nextArrival() async {
    for await _ in arrivals { return }
  }

  func open() {
    condition.withLock {
      isOpen = true
      condition.broadcast()
    }
  }

  private func pass() {
    condition.withLock {
      arrivalCount += 1
      inside += 1
      insideMax = max(insideMax, inside)
    }
    arrival.yield()
    condition.withLock { while !isOpen { condition.wait() } }
  }

  private func leave() { condition.withLock { inside -= 1 } }
}
