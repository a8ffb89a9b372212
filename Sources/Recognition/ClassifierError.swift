/// Why a model cannot be used or an inference failed. None of these is the image's fault.
package enum ClassifierError: Error, Sendable, Equatable {
  /// The model's files are absent, damaged, or not what an image classifier looks like.
  case model(path: String, reason: String)
  /// The labels file is absent, malformed, or of the wrong length.
  case labels(path: String, reason: String)
  /// The runtime itself fails: a missing plugin, an option it does not know.
  case runtime(String)
  /// The model answered with something that is no list of probabilities, or not at all.
  case inference(String)

  /// Stable: part of the answers' format, for programs.
  package var code: String {
    switch self {
    case .model, .labels, .runtime: "model-unusable"
    case .inference: "inference-failed"
    }
  }

  /// For people, in one sentence.
  package var message: String {
    switch self {
    case .model(let path, let reason): "The model \(path) cannot be used: \(reason)."
    case .labels(let path, let reason): "The labels file \(path) cannot be used: \(reason)."
    case .runtime(let reason): "The inference runtime cannot be used: \(reason)."
    case .inference(let reason): "The inference failed: \(reason)."
    }
  }
}

extension ClassifierError: CustomStringConvertible {
  package var description: String { "\(code): \(message)" }
}
