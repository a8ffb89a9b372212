import Jobs

/// A tensor of the answer. The first dimension is the images, in their order.
enum InferenceOutput: String, CaseIterable {
  /// The likeliest label.
  case label
  /// How sure the model is of it, 0...1.
  case score
  /// The likeliest labels, the first of them ``label``.
  case labels
  case scores
  /// The WordNet ids of those; empty where there is none.
  case wnids
  /// Of the image and its result: `/v1/results/{id}`.
  case id

  enum Values {
    case text([String])
    case numbers([Float])

    var datatype: String {
      switch self {
      case .text: "BYTES"
      case .numbers: "FP32"
      }
    }
  }

  var datatype: String { self == .score || self == .scores ? "FP32" : "BYTES" }

  /// Whether the second dimension is the candidates of an image.
  var hasCandidates: Bool {
    switch self {
    case .label, .score, .id: false
    case .labels, .scores, .wnids: true
    }
  }

  /// - Parameter candidateCount: Of each image; one with more has only its likeliest told.
  func values(of answers: [(id: JobID, classification: Classification)], candidateCount: Int) -> Values {
    let candidates = answers.lazy.flatMap { $0.classification.top.prefix(candidateCount) }
    return switch self {
    case .label: .text(answers.map(\.classification.label))
    case .score: .numbers(answers.map(\.classification.confidence))
    case .labels: .text(candidates.map(\.label))
    case .scores: .numbers(candidates.map(\.confidence))
    case .wnids: .text(candidates.map { $0.wnid ?? "" })
    case .id: .text(answers.map(\.id.description))
    }
  }
}
