import Foundation
import Testing

@testable import Elasticity

@Suite struct ArrivalsTests {
  @Test("constant arrivals are even, over all blocks")
  func constant() {
    let times = all(.constant(rate: 1_000), seconds: 60)
    #expect(times.count == 60_000)
    #expect(times.enumerated().allSatisfy { $1 == Int64($0) * 1_000_000 })
  }

  @Test(
    "Poisson arrivals have the rate as mean and as variance of the counts by second", arguments: [1, 2] as [UInt64])
  func poisson(seed: UInt64) {
    let rate = 200.0
    let seconds = 2_000
    let times = all(.poisson(rate: rate), seconds: Double(seconds), seed: seed)
    let counts = countsBySecond(times, seconds: seconds)
    let mean = Double(times.count) / Double(seconds)
    let variance = counts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(seconds - 1)
    #expect(abs(mean / rate - 1) < 0.01)
    #expect(abs(variance / rate - 1) < 0.1)
  }

  @Test("a daily curve has its mean over the day, its peak in the middle and its trough at both ends")
  func daily() {
    let times = all(.daily(mean: 5, peakFactor: 1.8), seconds: 86_400)
    #expect(abs(Double(times.count) / (5 * 86_400) - 1) < 0.01)
    let counts = countsBySecond(times, seconds: 86_400)
    func rate(_ hour: Double) -> Double {
      let first = Int(hour * 3_600)
      return counts[first..<first + 3_600].reduce(0, +) / 3_600
    }
    #expect(abs(rate(11.5) / 9 - 1) < 0.03)
    #expect(abs(rate(0) / 1 - 1) < 0.1)
    #expect(abs(rate(23) / 1 - 1) < 0.1)
    #expect(abs(rate(5.5) / 5 - 1) < 0.05)
  }

  @Test("a burst is whole, at once or over its time")
  func burst() {
    #expect(all(.burst(count: 10_000, over: .zero), seconds: 1) == Array(repeating: 30_000_000_000, count: 10_000))
    let spread = all(.burst(count: 10_000, over: .seconds(10)), seconds: 1)
    #expect(spread.count == 10_000)
    #expect(spread.first == 30_000_000_000 && spread.last == 39_999_000_000)
  }

  @Test("the same seed gives the same arrivals, another one others")
  func seed() {
    let first = all(.poisson(rate: 100), seconds: 10, seed: 7)
    #expect(first == all(.poisson(rate: 100), seconds: 10, seed: 7))
    #expect(first != all(.poisson(rate: 100), seconds: 10, seed: 8))
  }

  @Test("a trace begins at 0, has counts, comments and blank lines, and is cut by a shorter duration")
  func trace() throws {
    let text = "# seconds,count\n100\n\n100.5,3\n101 2\r\n101,0\n200\n"
    let trace = try ArrivalTrace(name: "t", data: Data(text.utf8))
    #expect(trace.imageCount == 7)
    #expect(trace.duration == .seconds(100))
    let half: Int64 = 500_000_000
    let expected: [Int64] = [0, half, half, half, 2 * half, 2 * half, 200 * half]
    #expect(all(.trace(trace), seconds: 100) == expected)
    #expect(all(.trace(trace), seconds: 50) == Array(expected.dropLast()))
  }

  @Test(
    "what is wrong with a trace is said with its line",
    arguments: [
      ("", "t: no arrivals."), ("1\n0.5", "t: line 2 is earlier than the one before."),
      ("1\nx", "t: line 2 does not begin with a time in seconds."), ("1,-1", "t: line 1 has a count that is none."),
      ("-1", "t: line 1 does not begin with a time in seconds."),
      ("1,2,3", "t: line 1 has more than a time and a count."),
      ("nan", "t: line 1 does not begin with a time in seconds."), ("1,2.5", "t: line 1 has a count that is none."),
    ])
  func traceErrors(text: String, message: String) {
    #expect(throws: PlanError(message)) { try ArrivalTrace(name: "t", data: Data(text.utf8)) }
  }

  @Test("arrivals are read from text")
  func parsing() throws {
    #expect(try Arrivals("constant:0.5") == .constant(rate: 0.5))
    #expect(try Arrivals("poisson:200") == .poisson(rate: 200))
    #expect(try Arrivals("burst:500") == .burst(count: 500, over: .zero))
    #expect(try Arrivals("burst:500/2.5") == .burst(count: 500, over: .milliseconds(2_500)))
    #expect(try Arrivals("daily:100") == .daily(mean: 100, peakFactor: 1.9))
    #expect(try Arrivals("daily:100/2") == .daily(mean: 100, peakFactor: 2))
  }

  @Test(
    "what are no arrivals is refused",
    arguments: [
      "", "constant", "constant:", "constant:0", "constant:-1", "constant:nan", "constant:1e9", "constant:1/2",
      "burst:0", "burst:1.5", "burst:5/", "burst:5/-1", "burst:5/x", "burst:1/2/3", "daily:5/3", "daily:5/0.5",
      "daily:x", "sine:4",
    ])
  func refusals(text: String) {
    #expect(throws: PlanError.self) { try Arrivals(text) }
  }

  private func all(_ arrivals: Arrivals, seconds: Double, seed: UInt64 = 1) -> [Int64] {
    var source = ArrivalSource(
      arrivals, seed: seed, duration: Int64(seconds * 1e9), burstStart: 30_000_000_000)
    var times: [Int64] = []
    while source.next != .max {
      times.append(source.next)
      source.advance()
    }
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
    return times
  }

  private func countsBySecond(_ times: [Int64], seconds: Int) -> [Double] {
    var counts = Array(repeating: 0.0, count: seconds)
    for time in times { counts[Int(time / 1_000_000_000)] += 1 }
    return counts
  }
}
