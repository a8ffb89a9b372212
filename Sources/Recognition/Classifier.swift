import Glibc

/// Says what the pixels of an image show, with an OpenVINO model on this machine's processor.
///
/// Any number of threads may call `classify` at once; `ClassifierOptions.concurrency` of them compute, the others wait.
package final class Classifier: Sendable {
  package let model: Model
  package let labels: Labels
  /// Side of the square that `classify` takes, in pixels.
  package let inputSide: Int
  /// What a picture's shorter side is to be resized to before that square is cut from it.
  package let resizeSide: Int
  /// What the runtime computes with: "bf16" or "f32" as a rule, "int8" if asked for.
  package let precision: String
  /// How many inferences run at once.
  package let concurrency: Int

  private let compiled: CompiledModel
  private let pool: IdlePool<InferRequest>
  private let topCount: Int

  /// Loads, compiles, and runs each inference request once, so that the first image costs no more than the others, and a
  /// model that cannot run is told now; takes 0.1 to 0.5 s.
  package init(_ model: Model, options: ClassifierOptions = ClassifierOptions()) throws(ClassifierError) {
    precondition(options.concurrency > 0 && options.topCount > 0)
    self.model = model
    labels = try Labels(contentsOf: model.labelsPath)
    let isQuantised = options.precision == .int8
    compiled = try CompiledModel(isQuantised ? model.quantised() : model, options: options)
    guard labels.count == compiled.classCount else {
      throw .labels(
        path: model.labelsPath,
        reason: "it has \(labels.count) labels, and the model has \(compiled.classCount) classes")
    }
    inputSide = compiled.inputSide
    // 256 for 224, and in proportion for other sizes.
    resizeSide = model.resizeShorterSide ?? (compiled.inputSide * 8 + 6) / 7
    guard resizeSide >= inputSide else {
      throw .model(path: model.path, reason: "resizeShorterSide is less than the model's input of \(inputSide) pixels")
    }
    precision = isQuantised ? options.precision.rawValue : compiled.precision
    concurrency = options.concurrency
    topCount = min(options.topCount, labels.count)
    var requests: [InferRequest] = []
    let grey = PixelTensor(side: inputSide, bytes: [UInt8](repeating: 128, count: inputSide * inputSide * 3))
    for _ in 0..<options.concurrency {
      let request = try compiled.makeRequest()
      do { try request.infer(grey) { _ in } } catch { throw .inference(error.text) }
      requests.append(request)
    }
    pool = IdlePool(requests)
  }

  /// The most likely classes, best first. The pixels must be a square of `inputSide`.
  package func classify(_ pixels: PixelTensor) throws(ClassifierError) -> [Classification] {
    precondition(pixels.side == inputSide, "the model takes squares of \(inputSide) pixels")
    let top: [Classification]?
    do {
      top = try pool.withElement { (request) throws(OpenVINO.Failure) in
        try request.infer(pixels) { best(of: $0) }
      }
    } catch {
      throw .inference(error.text)
    }
    guard let top else { throw .inference("the model's output is not a number for every class") }
    return top
  }

  /// Nil when an output is not finite.
  private func best(of outputs: Span<Float>) -> [Classification]? {
    var (sum, least, most) = (Float(0), Float.infinity, -Float.infinity)
    for index in 0..<outputs.count {
      let value = outputs[index]
      guard value.isFinite else { return nil }
      sum += value
      least = min(least, value)
      most = max(most, value)
    }
    // A model that does not say is judged by its numbers: probabilities lie in 0…1 and sum to one.
    let areProbabilities = model.output.map { $0 == .probabilities } ?? (least >= 0 && abs(sum - 1) < 0.05)
    guard !areProbabilities else { return Classification.best(topCount, of: outputs, labels: labels) }
    var exponentials = [Float](repeating: 0, count: outputs.count)
    var total: Float = 0
    for index in exponentials.indices {
      exponentials[index] = expf(outputs[index] - most)
      total += exponentials[index]
    }
    for index in exponentials.indices { exponentials[index] /= total }
    return Classification.best(topCount, of: exponentials.span, labels: labels)
  }
}
