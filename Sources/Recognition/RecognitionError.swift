/// Why an image got no label.
package enum RecognitionError: Error, Sendable, Equatable {
  /// The image's fault: the same bytes will fail again.
  case undecoded(DecodeError)
  /// Our fault, or the machine's.
  case unclassified(ClassifierError)
  /// Our fault, or the machine's: there is no decoder process to be had now.
  case decoderUnavailable(String)

  /// Stable: part of the answers' format, for programs.
  package var code: String {
    switch self {
    case .undecoded(let error): error.code
    case .unclassified(let error): error.code
    case .decoderUnavailable: "decoder-unavailable"
    }
  }

  /// For people.
  package var message: String {
    switch self {
    case .undecoded(let error): error.message
    case .unclassified(let error): error.message
    case .decoderUnavailable(let reason): "No image can be decoded now: \(reason)."
    }
  }
}
