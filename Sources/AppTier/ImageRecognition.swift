import EventLoop
package import Recognition

/// The step that needs a processor: from an image's bytes to labels, with one model, on libuv's thread pool.
package struct ImageRecognition: Sendable {
  /// Part of every answer, and what a client asks for the model by.
  package let modelName: String
  /// Part of every answer, if the model has one.
  package let modelVersion: String?
  private let recognize: @Sendable ([UInt8]) throws(RecognitionError) -> RecognitionResult

  package init(_ recognizer: Recognizer) {
    let model = recognizer.classifier.model
    self.init(modelName: model.name, modelVersion: model.version) { (image) throws(RecognitionError) in
      try recognizer.recognize(image)
    }
  }

  /// - Parameter recognize: blocks its thread for as long as it takes.
  package init(
    modelName: String, modelVersion: String? = nil,
    _ recognize: @escaping @Sendable ([UInt8]) throws(RecognitionError) -> RecognitionResult
  ) {
    self.modelName = modelName
    self.modelVersion = modelVersion
    self.recognize = recognize
  }

  /// The caller sees to it that no more are at it at once than the pool has threads.
  func result(for image: [UInt8]) async throws(RecognitionError) -> RecognitionResult {
    try await EventLoop.shared.offload { [recognize] () throws(RecognitionError) in try recognize(image) }
  }
}
