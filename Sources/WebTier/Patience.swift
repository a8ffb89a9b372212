/// How long a client waits for its answer, by its `Prefer` fields (RFC 7240).
struct Patience: Sendable, Hashable {
  private(set) var duration: Duration

  /// `wait=N` is N seconds (§4.3), `respond-async` alone none at all (§4.1); the first `wait` counts (§2). What is not
  /// understood is no preference.
  /// - Parameters:
  ///   - fields: The values of all `Prefer` fields.
  ///   - max: How long anybody waits.
  init(_ fields: [String], atMost max: Duration) {
    duration = max
    var isAsynchronous = false
    for preference in fields.flatMap({ $0.split(separator: ",") }) {
      // Parameters after a semicolon are nobody's (§2).
      let pair = preference.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1).map(Patience.trimmed)
      switch pair.first?.lowercased() {
      case "wait":
        guard pair.count == 2, let seconds = Int(pair[1]), seconds >= 0 else { continue }
        duration = min(max, .seconds(seconds))
        return
      case "respond-async": isAsynchronous = true
      default: continue
      }
    }
    if isAsynchronous { duration = .zero }
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { " \t\"".contains($0) }
    while let last = text.last, " \t\"".contains(last) { text.removeLast() }
    return String(text)
  }
}
