/// A point in time, in whole milliseconds since 1970: what SQS's timestamps are, and what is kept on disk.
struct EpochTime: Sendable, Hashable, Comparable {
  var milliseconds: Int64

  static func < (left: EpochTime, right: EpochTime) -> Bool { left.milliseconds < right.milliseconds }

  static func + (time: EpochTime, duration: Duration) -> EpochTime {
    EpochTime(milliseconds: time.milliseconds + duration.wholeMilliseconds)
  }

  static func - (left: EpochTime, right: EpochTime) -> Duration {
    .milliseconds(left.milliseconds - right.milliseconds)
  }
}

extension Duration {
  /// Rounded down. SQS's longest duration is 14 days, so this does not overflow.
  var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }
}
