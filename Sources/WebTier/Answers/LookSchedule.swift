/// When a long poll looks into the output bucket for an answer that goes to another process: soon at first, since most
/// answers take less than a second, then ever more rarely.
///
/// A value without clock or I/O.
struct LookSchedule {
  static let pauseMin: Duration = .milliseconds(250)
  static let pauseMax: Duration = .seconds(4)

  private let looksPerSecondMax: Int
  private var pause = LookSchedule.pauseMin

  init(looksPerSecondMax: Int) { self.looksPerSecondMax = looksPerSecondMax }

  /// How long to pause before the next look.
  /// - Parameter pollCount: Those who look at present: the more they are the longer each pauses, so that all of them
  ///   together keep to the rate.
  mutating func next(pollCount: Int) -> Duration {
    defer { pause = min(pause * 2, LookSchedule.pauseMax) }
    return max(pause, .seconds(pollCount) / looksPerSecondMax)
  }
}
