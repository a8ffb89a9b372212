import Testing

@testable import Load

@Suite("When requests are due")
struct ArrivalClockTests {
  @Test("constant arrivals do not drift")
  func constant() {
    var clock = ArrivalClock(.constant, ratePerSecond: 3, seed: 1)
    var last = Duration.zero
    for index in 0..<3_000_000 {
      last = clock.next()
      if index == 1 { #expect(abs(last / .seconds(1) - 1.0 / 3) < 1e-6) }
    }
    #expect(abs(last / .seconds(1) - 2_999_999.0 / 3) < 1e-6)
  }

  @Test("Poisson arrivals have the rate, and times as different as they are long")
  func poisson() {
    var clock = ArrivalClock(.poisson, ratePerSecond: 100, seed: 7)
    var (last, squares) = (0.0, 0.0)
    let count = 200_000
    for _ in 0..<count {
      let next = clock.next() / .seconds(1)
      #expect(next >= last)
      squares += (next - last) * (next - last)
      last = next
    }
    let mean = last / Double(count)
    #expect(abs(mean - 0.01) < 0.0002)
    // Of an exponential distribution the standard deviation is the mean.
    #expect(abs((squares / Double(count) - mean * mean).squareRoot() - mean) < 0.0003)
  }

  @Test("the same seed brings the same times, another one others")
  func seeds() {
    func times(_ seed: UInt64) -> [Duration] {
      var clock = ArrivalClock(.poisson, ratePerSecond: 10, seed: seed)
      return (0..<50).map { _ in clock.next() }
    }
    #expect(times(1) == times(1))
    #expect(times(1) != times(2))
  }
}
