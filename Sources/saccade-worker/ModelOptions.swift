import AppTier
import ArgumentParser
import Foundation
import Recognition

/// Which model, and how it is run.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "An OpenVINO IR (.xml) or ONNX file. Default: the EfficientNet-Lite0 that deploy/bootstrap made.",
      valueName: "path"))
  var model: String?

  @Option(help: ArgumentHelp("One label a line. Default: labels.txt beside the model.", valueName: "path"))
  var labels: String?

  @Option(help: "What to compute with: auto (bf16 where the processor has it), f32 or bf16.")
  var precision = Precision.auto

  @Option(
    help: ArgumentHelp(
      "Where compiled models are kept, for faster starts; \"\" for nowhere. Default: saccade/compiled in the user's cache.",
      valueName: "directory"))
  var compiledModels: String?

  enum Precision: String, ExpressibleByArgument, CaseIterable {
    case auto, f32, bf16
  }

  /// Loads and compiles the model.
  /// - Parameter concurrency: images at once, each on one core.
  func recognizer(concurrency: Int) throws -> Recognizer {
    var options = ClassifierOptions(concurrency: concurrency, cacheDirectory: compiledModelDirectory)
    options.precision =
      switch precision {
      case .auto: .automatic
      case .f32: .float32
      case .bf16: .bfloat16
      }
    return Recognizer(classifier: try Classifier(Model(path: try modelPath(), labelsPath: labels), options: options))
  }

  private func modelPath() throws -> String {
    if let model { return model }
    let candidates = ModelLocation.candidates(
      environment: ProcessInfo.processInfo.environment, executablePath: executablePath)
    guard let path = candidates.first(where: { FileManager.default.isReadableFile(atPath: $0) }) else {
      throw ValidationError(
        "there is no model; deploy/bootstrap makes one, --model names another. Looked for:\n"
          + candidates.map { "  " + $0 }.joined(separator: "\n"))
    }
    return path
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
