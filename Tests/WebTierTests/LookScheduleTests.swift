import Testing

@testable import WebTier

@Suite("Looking for answers in the bucket")
struct LookScheduleTests {
  @Test("pauses double up to their longest")
  func backoff() {
    var schedule = LookSchedule(looksPerSecondMax: 100)
    let pauses = (0..<7).map { _ in schedule.next(pollCount: 1) }
    #expect(pauses == [0.25, 0.5, 1, 2, 4, 4, 4].map { .seconds($0) })
  }

  @Test("however many look, all together keep to the rate", arguments: [1, 10, 100, 4096])
  func rate(pollCount: Int) {
    var schedule = LookSchedule(looksPerSecondMax: 10)
    for _ in 0..<10 {
      #expect(Double(pollCount) / (schedule.next(pollCount: pollCount) / .seconds(1)) <= 10)
    }
  }
}
