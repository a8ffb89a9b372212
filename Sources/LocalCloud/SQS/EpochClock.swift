import FoundationEssentials
import Glibc

/// The wall clock at its creation and the monotonic clock since: timestamps that mean something to clients and never
/// jump, so that setting the machine's clock neither returns messages early nor holds them back.
struct EpochClock: Sendable {
  private let offset: Int64

  init(startingAt date: Date) {
    offset = Int64(date.timeIntervalSince1970 * 1000) - EpochClock.monotonicMilliseconds
  }

  func now() -> EpochTime { EpochTime(milliseconds: offset + EpochClock.monotonicMilliseconds) }

  private static var monotonicMilliseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
