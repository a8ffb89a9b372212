/// One guess at what an image shows.
package struct Classification: Sendable, Equatable {
  /// Place among the model's outputs, from 0.
  package let index: Int
  /// For people: "Egyptian cat".
  package let label: String
  /// The WordNet id, "n02124075", when the labels file has them.
  package let wordNetID: String?
  /// 0…1; those of all the model's classes sum to 1.
  package let confidence: Float

  /// The `count` most likely classes, best first; of equals the earlier class comes first.
  static func best(_ count: Int, of probabilities: Span<Float>, labels: Labels) -> [Classification] {
    var best: [(index: Int, confidence: Float)] = []
    best.reserveCapacity(count + 1)
    for index in 0..<probabilities.count {
      let confidence = probabilities[index]
      if best.count == count, let last = best.last, confidence <= last.confidence { continue }
      let place = best.firstIndex { $0.confidence < confidence } ?? best.count
      best.insert((index, confidence), at: place)
      if best.count > count { best.removeLast() }
    }
    return best.map { entry in
      let label = labels[entry.index]
      return Classification(
        index: entry.index, label: label.name, wordNetID: label.wordNetID, confidence: entry.confidence)
    }
  }
}
