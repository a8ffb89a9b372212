import Dispatch
import Glibc
import Synchronization

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

  private let compiled: CompiledModel
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
    let batchSizeWanted = options.batchSize ?? Self.batchSize(for: options.precision.rawValue)
    let batched = InBackground { [options] () -> CompiledModel? in
      batchSizeWanted > 1 ? try? CompiledModel(file, options: options, batchSize: batchSizeWanted) : nil
    }
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

    var engines: [Engine] = []
    do throws(OpenVINO.Failure) {
      let isFaster = options.batchSize != nil || Self.batchSize(for: precision) > 1
      engines = try Self.engines(options.concurrency, compiled, isFaster ? batched.result : nil)
    } catch {
      throw .inference(error.text)
    }
    self.compiled = compiled
    batchSize = engines[0].batch?.batchSize ?? 1
    pool = IdlePool(engines)
  }

  /// What measures fastest: beyond four images nothing is gained, in float32 by none.
  private static func batchSize(for precision: String) -> Int {
    precision == ClassifierOptions.Precision.float32.rawValue ? 1 : 4
  }

  /// - Parameter batched: the same model for several images at once; not used when it does not say the same.
  private static func engines(
    _ count: Int, _ compiled: CompiledModel, _ batched: CompiledModel?
  ) throws(OpenVINO.Failure) -> [Engine] {
    var engines: [Engine] = []
    var isSame = batched.map { $0.inputSide == compiled.inputSide && $0.classCount == compiled.classCount } ?? false
    for _ in 0..<count {
      let single = try compiled.makeRequest()
      let expected = try single.outputsOfGrey(compiled.inputSide)[0]
      guard isSame, let batch = try batched?.makeRequest() else {
        engines.append(Engine(single: single, batch: nil))
        continue
      }
      // A model whose layers mix the images is found out here.
      let tolerance = batchTolerance * (expected.map(abs).max() ?? 0)
      isSame = try batch.outputsOfGrey(compiled.inputSide).allSatisfy {
        zip($0, expected).allSatisfy { abs($0 - $1) <= tolerance }
      }
      engines.append(Engine(single: single, batch: isSame ? batch : nil))
    }
    return engines
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

/// What is computed on another thread meanwhile.
private final class InBackground<Result: Sendable>: Sendable {
  private let group = DispatchGroup()
  private let value = Mutex<Result?>(nil)

  init(_ work: @escaping @Sendable () -> Result) {
    DispatchQueue.global().async(group: group) { [self] in
      let result = work()
      value.withLock { $0 = result }
    }
  }

  /// Waits for it.
  var result: Result {
    group.wait()
    guard let result = value.withLock({ $0 }) else { preconditionFailure("the work is done") }
    return result
  }
}
