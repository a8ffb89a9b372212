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
  /// How many images an inference takes at most. So many together cost less than one by one.
  package let batchSize: Int

  private let compiled: [CompiledModel]
  private let pool: IdlePool<Engine>
  private let topCount: Int

  /// What one thread at a time computes with.
  private struct Engine {
    let single: InferRequest
    let batch: InferRequest?
  }

  /// Loads, compiles, and runs each inference request once, so that the first image costs no more than the others, and a
  /// model that cannot run is told now; takes 0.1 to 0.5 s.
  package init(_ model: Model, options: ClassifierOptions = ClassifierOptions()) throws(ClassifierError) {
    precondition(options.concurrency > 0 && options.topCount > 0)
    self.model = model
    labels = try Labels(contentsOf: model.labelsPath)
    let isQuantised = options.precision == .int8
    let file = isQuantised ? try model.quantised() : model
    let compiled = try CompiledModel(file, options: options)
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

    let batched = Self.batched(file, options, like: compiled, precision)
    batchSize = batched?.batchSize ?? 1
    self.compiled = [compiled] + (batched.map { [$0] } ?? [])
    var engines: [Engine] = []
    for _ in 0..<options.concurrency {
      let engine = Engine(single: try compiled.makeRequest(), batch: try batched?.makeRequest())
      do throws(OpenVINO.Failure) {
        for request in [engine.single, engine.batch] { _ = try request?.outputsOfGrey(inputSide) }
      } catch {
        throw .inference(error.text)
      }
      engines.append(engine)
    }
    pool = IdlePool(engines)
  }

  /// The same model for several images at once; nil where that is not wanted, not possible, or not the same.
  private static func batched(
    _ model: Model, _ options: ClassifierOptions, like single: CompiledModel, _ precision: String
  ) -> CompiledModel? {
    let batchSize = options.batchSize ?? (precision == ClassifierOptions.Precision.float32.rawValue ? 1 : 4)
    guard batchSize > 1, let batched = try? CompiledModel(model, options: options, batchSize: batchSize),
      batched.inputSide == single.inputSide, batched.classCount == single.classCount,
      let expected = try? single.makeRequest().outputsOfGrey(single.inputSide)[0],
      let outputs = try? batched.makeRequest().outputsOfGrey(single.inputSide)
    else { return nil }
    // A model whose layers mix the images would be found out here.
    let tolerance = batchTolerance * (expected.map(abs).max() ?? 0)
    return outputs.allSatisfy { zip($0, expected).allSatisfy { abs($0 - $1) <= tolerance } } ? batched : nil
  }

  /// Of the largest output: sums are rounded otherwise where they are taken in another order.
  private static let batchTolerance: Float = 0.05

  /// The most likely classes of one picture, best first. The pixels must be a square of `inputSide`.
  package func classify(_ pixels: PixelTensor) throws(ClassifierError) -> [Classification] {
    try classify([pixels])[0].get()
  }

  /// The most likely classes of each picture, best first, `batchSize` of them in an inference as long as there are so many.
  /// - Parameter pictures: squares of `inputSide`.
  /// - Returns: as many, in their order. One whose outputs are not numbers fails alone.
  package func classify(
    _ pictures: [PixelTensor]
  ) throws(ClassifierError) -> [Result<[Classification], ClassifierError>] {
    precondition(pictures.allSatisfy { $0.side == inputSide }, "the model takes squares of \(inputSide) pixels")
    var tops: [[Classification]?] = []
    do throws(OpenVINO.Failure) {
      try pool.withElement { (engine) throws(OpenVINO.Failure) in
        while tops.count < pictures.count {
          let rest = pictures[tops.count...]
          let request = engine.batch.flatMap { $0.batchSize <= rest.count ? $0 : nil } ?? engine.single
          tops += try request.infer(rest.prefix(request.batchSize)) { best(of: $0) }
        }
      }
    } catch {
      throw .inference(error.text)
    }
    return tops.map {
      $0.map { .success($0) } ?? .failure(.inference("the model's output is not a number for every class"))
    }
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

extension InferRequest {
  /// What the model says of pictures without anything on them.
  fileprivate func outputsOfGrey(_ side: Int) throws(OpenVINO.Failure) -> [[Float]] {
    let grey = PixelTensor(side: side, bytes: [UInt8](repeating: 128, count: side * side * 3))
    return try infer([PixelTensor](repeating: grey, count: batchSize)[...]) { outputs in
      outputs.indices.map { outputs[$0] }
    }
  }
}
