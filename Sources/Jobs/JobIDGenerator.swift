/// Makes ids that ascend, also within a millisecond and when the clock is set back a little.
///
/// RFC 9562 6.2, method 1: the 12 bits after the version are a counter. It starts at a random number of its lower half
/// in each millisecond, which leaves room for 2048 ids; past those the time in the id runs ahead of the clock. The
/// remaining 62 bits are random in every id.
package struct JobIDGenerator: Sendable {
  /// A clock that is set back by more than this is believed, and ids descend once: better than ids that carry a wrong
  /// time until the clock has caught up.
  package static let rollbackMax: Duration = .seconds(10)

  private var milliseconds: UInt64 = 0
  private var counter: UInt16 = 0

  package init() {}

  /// - Parameter millisecondsSince1970: the time now; not negative.
  package mutating func next(
    millisecondsSince1970 now: Int64, using random: inout some RandomNumberGenerator
  ) -> JobID {
    let now = UInt64(max(0, now))
    let rollbackMax = UInt64(Self.rollbackMax / .milliseconds(1))
    if now > milliseconds || milliseconds - now > rollbackMax {
      milliseconds = now
      counter = Self.firstCounter(using: &random)
    } else if counter < 0x0fff {
      counter += 1
    } else {
      milliseconds += 1
      counter = Self.firstCounter(using: &random)
    }
    return JobID(milliseconds: milliseconds, counter: counter, random: random.next())
  }

  private static func firstCounter(using random: inout some RandomNumberGenerator) -> UInt16 {
    UInt16(truncatingIfNeeded: random.next()) & 0x07ff
  }
}
