import Recognition

/// What was right and wrong of images whose class is known.
struct Evaluation {
  struct Confusion: Encodable {
    let file: String
    let expected: String
    let label: String
    let confidence: Float
    /// From 1; absent when the class is not among the first five.
    let rank: Int?
  }

  /// What came of one class; of a label that several have, of the first.
  struct ClassErrors: Encodable {
    let label: String
    let wnid: String?
    var images = 0
    var wrong = 0
  }

  struct Report: Encodable {
    let model: String
    let modelVersion: String?
    let precision: String
    let matched: Int
    let unmatched: Int
    let failed: Int
    let top1: Int
    let top5: Int
    /// Absent when nothing was classified.
    let top1Accuracy: Double?
    let top5Accuracy: Double?
    /// Those with errors.
    let classes: [ClassErrors]
    let confusions: [Confusion]?
  }

  private let classifier: Classifier
  private let names: LabelledNames
  /// Classified, and of a known class.
  private(set) var matchedCount = 0
  /// Their paths name no class of the model's.
  private(set) var unmatchedCount = 0
  /// Could not be classified.
  private(set) var failedCount = 0
  private var firstCount = 0
  private var amongFiveCount = 0
  private var classes: [Int: ClassErrors] = [:]
  private var confusions: [Confusion] = []

  init(of classifier: Classifier, names: LabelledNames) {
    self.classifier = classifier
    self.names = names
  }

  /// - Returns: what was classified, or why it could not be; nil when the path names no class.
  mutating func add(_ outcome: FileRun.Outcome) -> Result<[Classification], FileRun.Failure>? {
    guard let expected = names.classes(of: outcome.path), let first = expected.min() else {
      unmatchedCount += 1
      return nil
    }
    guard case .success(let best) = outcome.result, let likeliest = best.first else {
      failedCount += 1
      return outcome.result
    }
    matchedCount += 1
    let label = classifier.labels[first]
    let rank = best.firstIndex { expected.contains($0.index) }.map { $0 + 1 }
    if rank != nil { amongFiveCount += 1 }
    var errors = classes[first] ?? ClassErrors(label: label.name, wnid: label.wordNetID)
    errors.images += 1
    if rank == 1 {
      firstCount += 1
    } else {
      errors.wrong += 1
      confusions.append(
        Confusion(
          file: outcome.path, expected: label.name, label: likeliest.label, confidence: likeliest.confidence,
          rank: rank))
    }
    classes[first] = errors
    return outcome.result
  }

  func report(isVerbose: Bool) -> Report {
    let total = matchedCount == 0 ? nil : Double(matchedCount)
    return Report(
      model: classifier.model.name, modelVersion: classifier.model.version, precision: classifier.precision,
      matched: matchedCount, unmatched: unmatchedCount, failed: failedCount, top1: firstCount, top5: amongFiveCount,
      top1Accuracy: total.map { Double(firstCount) / $0 }, top5Accuracy: total.map { Double(amongFiveCount) / $0 },
      classes: classes.sorted { $0.key < $1.key }.map(\.value).filter { $0.wrong > 0 },
      confusions: isVerbose ? confusions : nil)
  }

  /// For people.
  func text(isVerbose: Bool) -> String {
    var lines: [String] = []
    if isVerbose {
      lines = confusions.map { confusion in
        let percent = (Double(confusion.confidence) * 100).rounded(toPlaces: 1)
        let rank = confusion.rank.map { "; in place \($0)" } ?? "; not among the first five"
        return "\(confusion.file): \(confusion.expected), taken for \(confusion.label) (\(percent) %)\(rank)"
      }
    }
    let model = classifier.model
    lines.append("\(model.name)\(model.version.map { " " + $0 } ?? "") in \(classifier.precision)")
    if matchedCount > 0 {
      lines.append("right:              \(share(firstCount))")
      lines.append("among first five:   \(share(amongFiveCount))")
    }
    lines.append("of no known class:  \(unmatchedCount)")
    lines.append("not classified:     \(failedCount)")
    return lines.joined(separator: "\n")
  }

  private func share(_ count: Int) -> String {
    "\(count) of \(matchedCount) (\((Double(count) / Double(matchedCount) * 100).rounded(toPlaces: 1)) %)"
  }
}
