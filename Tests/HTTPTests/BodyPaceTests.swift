import Testing

@testable import HTTP

/// 1000 bytes a second over 10 seconds, swept every second.
@Suite("The pace of bodies")
struct BodyPaceTests {
  private let rule: BodyPace.Rule

  init() {
    var limits = HTTPLimits()
    limits.bodyRateMin = 1000
    limits.bodyRateWindow = .seconds(10)
    limits.sweepInterval = .seconds(1)
    rule = BodyPace.Rule(limits)
  }

  /// How many sweeps a body lasts of which each second brings so many bytes.
  private func sweepCount(_ bytesPerSecond: Int, isWaiting: Bool = true, atMost max: Int = 100_000) -> Int {
    var pace = BodyPace(rule)
    for sweep in 1...max
    where !pace.sweep(receivedByteCount: sweep * bytesPerSecond, isWaiting: isWaiting, rule) { return sweep }
    return max
  }

  @Test("nothing at all lasts for the window, a byte a second hardly longer")
  func tooSlow() {
    #expect(sweepCount(0) == 10)
    #expect(sweepCount(1) == 11)
    // What the first second brings finds the bucket full.
    #expect(sweepCount(500) == 19)
  }

  @Test("at the least rate a body lasts for ever")
  func fastEnough() {
    #expect(sweepCount(1000) == 100_000)
  }

  @Test("a body that has come fast may pause for a window, and no longer however fast it was")
  func pausing() {
    var pace = BodyPace(rule)
    for second in 1...5 { _ = pace.sweep(receivedByteCount: second * 1_000_000, isWaiting: true, rule) }
    var pauseCount = 0
    while pace.sweep(receivedByteCount: 5_000_000, isWaiting: true, rule) { pauseCount += 1 }
    #expect((8...9).contains(pauseCount))
  }

  @Test("bursts count by their average")
  func bursts() {
    var pace = BodyPace(rule)
    for second in 1...1000 {
      let isFastEnough = pace.sweep(receivedByteCount: second / 9 * 9000, isWaiting: true, rule)
      #expect(isFastEnough, "second \(second)")
    }
  }

  @Test("time in which the client is held back is not the client's")
  func heldBack() {
    #expect(sweepCount(0, isWaiting: false) == 100_000)
  }
}
