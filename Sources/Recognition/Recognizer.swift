/// Recognition turns the bytes of an image file into labels: `ImageDecoder` (TurboJPEG, libvips) makes pixels of them,
/// `Classifier` (OpenVINO) makes labels of the pixels, and `Recognizer` is both with the time each took. `DecoderPool` decodes
/// in processes that may do nothing else.
/// It promises that no bytes, however made, crash it or take more than `ImageLimits`, that every refusal has a stable
/// code and a sentence for people, and that its types may be used from many threads at once.
/// It is synchronous and blocks its caller; it knows nothing of event loops, networks or queues.
package struct Recognizer: Sendable {
  package let classifier: Classifier
  /// The processes that decode; without them this one does, with `decoder`.
  private let decoders: DecoderPool?
  private let limits: ImageLimits

  /// - Parameter decoders: whose limits count instead of `limits`.
  package init(classifier: Classifier, limits: ImageLimits = ImageLimits(), decoders: DecoderPool? = nil) {
    self.classifier = classifier
    self.decoders = decoders
    self.limits = decoders?.limits ?? limits
  }

  /// For this process, set up for what the classifier's model wants to see. Made when it is asked for: a process that has
  /// others decode never starts libvips.
  package var decoder: ImageDecoder {
    ImageDecoder(inputSide: classifier.inputSide, resizeSide: classifier.resizeSide, limits: limits)
  }

  /// What an image file shows. Blocks for as long as `timings` of the result says, and longer when more threads are
  /// at it than `ClassifierOptions.concurrency` admits.
  package func recognize(_ file: [UInt8]) throws(RecognitionError) -> RecognitionResult {
    try recognize([file])[0].get()
  }

  /// What several image files show: those that can be decoded are classified together, which takes less time than one
  /// by one where there are `Classifier.batchSize`.
  /// - Returns: as many, in their order.
  package func recognize(_ files: [[UInt8]]) -> [Result<RecognitionResult, RecognitionError>] {
    let decoded = files.map { file in
      Result { () throws(RecognitionError) in
        let start = ContinuousClock.now
        return (pixels: try decode(file.span), duration: ContinuousClock.now - start)
      }
    }
    let start = ContinuousClock.now
    let tops = Result { () throws(ClassifierError) in
      try classifier.classify(decoded.compactMap { try? $0.get().pixels })
    }
    let inference = ContinuousClock.now - start
    var next = 0
    return decoded.map { picture in
      picture.flatMap { picture in
        defer { next += 1 }
        return tops.flatMap { $0[next] }.mapError(RecognitionError.unclassified).map {
          RecognitionResult(top: $0, decoding: picture.duration, inference: inference)
        }
      }
    }
  }

  private func decode(_ file: Span<UInt8>) throws(RecognitionError) -> PixelTensor {
    if let decoders {
      return try decoders.decode(file, inputSide: classifier.inputSide, resizeSide: classifier.resizeSide)
    }
    do { return try decoder.decode(file) } catch { throw .undecoded(error) }
  }
}
