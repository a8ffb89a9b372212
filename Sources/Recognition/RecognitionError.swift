/// Why an image got no label.
package enum RecognitionError: Error, Sendable, Equatable {
  /// The image's fault: the same bytes will fail again.
  case undecoded(DecodeError)
  /// Our fault, or the machine's.
  case unclassified(ClassifierError)

  /// Stable: part of the answers' format, for programs.
  package var code: String {
    switch self {
    case .undecoded(let error): error.code
    case .unclassified(let error): error.code
    }
  }

  /// For people.
  package var message: String {
    switch self {
    case .undecoded(let error): error.message
    case .unclassified(let error): error.message
    }
  }
}
