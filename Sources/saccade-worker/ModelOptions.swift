import AppTier
import ArgumentParser
import Foundation
import Jobs
import Recognition

/// Which model, and how it is run.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      An OpenVINO IR (.xml) or ONNX file, or name=path to give the model another name than its model.json. May be given \
      up to \(ModelCatalog.countMax) times to `run`: clients choose by name, the first is the default. (default: the \
      EfficientNet-Lite0 that deploy/bootstrap made)
      """,
      valueName: "path"),
    completion: .file(extensions: ["xml", "onnx"]))
  var model: [ModelArgument] = []

  @Option(
    help: ArgumentHelp(
      "One label a line; of the first model. (default, and that of the others: labels.txt beside the model)",
      valueName: "path"),
    completion: .file(extensions: ["txt"]))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      """
      What to compute with: auto (bf16 where the processor has it), f32, bf16, or int8, with which a model has a file of \
      its own: model-int8.xml beside model.xml.
      """,
      valueName: "type"))
  var precision = Precision.auto

  @Option(
    help: ArgumentHelp(
      "How many images one inference takes where so many wait, 1 to 16. (default: 4; 1 in f32, which it makes no faster)",
      valueName: "n"))
  var batchSize: Int?

  @Option(
    help: ArgumentHelp(
      "Where compiled models are kept, for faster starts; \"\" for nowhere. (default: saccade/compiled in the user's cache)",
      valueName: "dir"),
    completion: .directory)
  var compiledModels: String?

  @Option(
    help: ArgumentHelp(
      """
      Whether images are decoded in processes that may do nothing else, and are replaced when an image crashes them: on; or \
      in this one: off.
      """,
      valueName: "switch"))
  var decoderIsolation = DecoderIsolation.on

  enum DecoderIsolation: String, ExpressibleByArgument, CaseIterable {
    case on, off
  }

  enum Precision: String, ExpressibleByArgument, CaseIterable {
    case auto, f32, bf16, int8
  }

  func validate() throws {
    let batchSizes = ClassifierOptions.batchSizeRange
    if let batchSize, !batchSizes.contains(batchSize) {
      throw ValidationError("--batch-size is \(batchSizes.lowerBound) to \(batchSizes.upperBound)")
    }
    guard model.count <= ModelCatalog.countMax else {
      throw ValidationError("--model may be given \(ModelCatalog.countMax) times")
    }
  }

  /// For commands that work with one model.
  func requireSingle() throws {
    guard model.count <= 1 else { throw ValidationError("--model may be given once") }
  }

  /// Loads and compiles the default model.
  /// - Parameters:
  ///   - concurrency: images at once, each on one core.
  ///   - topCount: how many labels an image gets.
  ///   - decoders: of `startDecoders`.
  func recognizer(
    concurrency: Int, topCount: Int = Jobs.Classification.topCountMax, decoders: DecoderPool?
  ) throws -> Recognizer {
    try recognizer(try model.first ?? defaultModel(), labels: labels, concurrency, topCount, decoders)
  }

  /// The processes that decode, which get ready while the model is loaded; nil if they are not wanted.
  func startDecoders(concurrency: Int) -> DecoderPool? {
    decoderIsolation == .on ? DecoderPool(count: concurrency) : nil
  }

  /// Waits for them.
  /// - Returns: what confines them, for people.
  func awaitDecoders(_ decoders: DecoderPool?) throws -> String {
    guard let decoders else { return "nothing" }
    do { return try decoders.waitUntilReady() } catch {
      throw DecodersUnavailable(error.message)
    }
  }

  /// Loads and compiles all models, the default first.
  /// - Parameter concurrency: images at once of each, each on one core.
  func recognizers(concurrency: Int, decoders: DecoderPool?) throws -> [Recognizer] {
    var recognizers = [try recognizer(concurrency: concurrency, decoders: decoders)]
    for other in model.dropFirst() {
      recognizers.append(try recognizer(other, labels: nil, concurrency, Jobs.Classification.topCountMax, decoders))
    }
    return recognizers
  }

  private func recognizer(
    _ model: ModelArgument, labels: String?, _ concurrency: Int, _ topCount: Int, _ decoders: DecoderPool?
  ) throws -> Recognizer {
    var options = ClassifierOptions(concurrency: concurrency, cacheDirectory: compiledModelDirectory)
    options.topCount = topCount
    options.batchSize = batchSize
    options.precision =
      switch precision {
      case .auto: .automatic
      case .f32: .float32
      case .bf16: .bfloat16
      case .int8: .int8
      }
    let model = try Model(path: model.path, labelsPath: labels, name: model.name?.description)
    return Recognizer(classifier: try Classifier(model, options: options), decoders: decoders)
  }

  private func defaultModel() throws -> ModelArgument {
    let candidates = ModelLocation.candidates(
      environment: ProcessInfo.processInfo.environment, executablePath: executablePath)
    guard let path = candidates.first(where: { FileManager.default.isReadableFile(atPath: $0) }) else {
      throw ValidationError(
        "there is no model; deploy/bootstrap makes one, --model names another. Looked for:\n"
          + candidates.map { "  " + $0 }.joined(separator: "\n"))
    }
    return ModelArgument(name: nil, path: path)
  }

  private var compiledModelDirectory: String? {
    if let compiledModels { return compiledModels.isEmpty ? nil : compiledModels }
    return ModelLocation.compiledModels(environment: ProcessInfo.processInfo.environment)
  }

  /// argv[0] is what the caller chose to say.
  private var executablePath: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
  }
}

/// This system does not let decoders confine themselves, or has none to start.
private struct DecodersUnavailable: Error, CustomStringConvertible {
  private let reason: String

  init(_ reason: String) { self.reason = reason }

  var description: String { "\(reason) With --decoder-isolation off this process decodes itself, unprotected." }
}
