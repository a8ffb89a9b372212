import EventLoop
package import Recognition

/// The step that needs a processor: from an image's bytes to labels, on libuv's thread pool.
package struct ImageRecognition: Sendable {
  /// Part of every answer.
  package let modelName: String
  private let recognize: @Sendable ([UInt8]) throws(RecognitionError) -> RecognitionResult

  package init(_ recognizer: Recognizer) {
    self.init(modelName: recognizer.classifier.model.name) { (image) throws(RecognitionError) in
      try recognizer.recognize(image)
    }
  }

  /// - Parameter recognize: blocks its thread for as long as it takes.
  package init(
    modelName: String, _ recognize: @escaping @Sendable ([UInt8]) throws(RecognitionError) -> RecognitionResult
  ) {
    self.modelName = modelName
    self.recognize = recognize
  }

  /// The caller sees to it that no more are at it at once than the pool has threads.
  func result(for image: [UInt8]) async throws(RecognitionError) -> RecognitionResult {
    try await EventLoop.shared.offload { [recognize] () throws(RecognitionError) in try recognize(image) }
  }
}
