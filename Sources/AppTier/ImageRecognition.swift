import EventLoop
package import Recognition

/// The step that needs a processor: from images' bytes to labels, with one model, on libuv's thread pool.
package final class ImageRecognition: Sendable {
  /// Part of every answer, and what a client asks for the model by.
  package let modelName: String
  /// Part of every answer, if the model has one.
  package let modelVersion: String?
  /// How many images are cheaper together than one by one.
  package let batchSize: Int
  private let recognize: @Sendable ([[UInt8]]) -> [Result<RecognitionResult, RecognitionError>]

  package init(_ recognizer: Recognizer) {
    let classifier = recognizer.classifier
    modelName = classifier.model.name
    modelVersion = classifier.model.version
    batchSize = classifier.batchSize
    recognize = { recognizer.recognize($0) }
  }

  /// One that takes images one by one.
  /// - Parameter recognize: blocks its thread for as long as it takes.
  package init(
    modelName: String, modelVersion: String? = nil, batchSize: Int = 1,
    _ recognize: @escaping @Sendable ([UInt8]) throws(RecognitionError) -> RecognitionResult
  ) {
    self.modelName = modelName
    self.modelVersion = modelVersion
    self.batchSize = batchSize
    self.recognize = { images in
      images.map { image in Result { () throws(RecognitionError) in try recognize(image) } }
    }
  }

  /// The caller sees to it that no more calls are at it at once than the pool has threads.
  /// - Parameter images: `batchSize` of them or fewer.
  /// - Returns: as many, in their order.
  func results(for images: [[UInt8]]) async -> [Result<RecognitionResult, RecognitionError>] {
    await EventLoop.shared.offload { [recognize] in recognize(images) }
  }
}
