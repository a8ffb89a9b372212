import Glibc

/// The wall clock at its creation and the monotonic clock since: timestamps that mean something to clients and never
/// jump, so that setting the machine's clock neither returns messages early nor holds them back.
struct EpochClock: Sendable {
  private let offset: Int64

  init() { offset = EpochClock.read(CLOCK_REALTIME) - EpochClock.read(CLOCK_MONOTONIC) }

  func now() -> EpochTime { EpochTime(milliseconds: offset + EpochClock.read(CLOCK_MONOTONIC)) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
