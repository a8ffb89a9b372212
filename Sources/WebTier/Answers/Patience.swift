import HTTP

/// How long a client waits for its answer, by its `Prefer` fields (RFC 7240).
struct Patience: Sendable, Hashable {
  let duration: Duration
  private let waitSeconds: Int?
  private let isAsynchronous: Bool

  /// `wait=N` is N seconds (§4.3), `respond-async` none at all (§4.1); both together are N seconds. What is not
  /// understood is no preference.
  /// - Parameters:
  ///   - headers: The request's.
  ///   - durationMax: How long anybody waits, and who expresses no preference does.
  init(_ headers: HTTPHeaders, atMost durationMax: Duration) {
    guard headers.contains("prefer") else {
      duration = durationMax
      waitSeconds = nil
      isAsynchronous = false
      return
    }
    let preferences = Preferences(headers.all("prefer"))
    isAsynchronous = preferences["respond-async"] != nil
    let seconds = preferences["wait"].flatMap(Patience.seconds)
    duration = seconds.map { min(.seconds($0), durationMax) } ?? (isAsynchronous ? .zero : durationMax)
    // Who would have waited longer than anybody may is not given what it preferred.
    waitSeconds = seconds.flatMap { .seconds($0) <= durationMax ? $0 : nil }
  }

  /// The value of `Preference-Applied` (§3); `nil` when nothing was.
  /// - Parameter isPending: The answer is `202 Accepted`; with any other nothing was done asynchronously.
  func applied(isPending: Bool) -> String? {
    var applied: [String] = []
    if isAsynchronous, isPending { applied.append("respond-async") }
    if let waitSeconds { applied.append("wait=\(waitSeconds)") }
    return applied.isEmpty ? nil : applied.joined(separator: ", ")
  }

  /// `delta-seconds` (RFC 9110 §10.2.3): digits only.
  private static func seconds(_ text: String) -> Int? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }
}
