import Testing

@testable import WebTier

@Suite("Counts by key")
struct TallyTests {
  @Test("a key is counted at its own place, known from the start or not")
  func counting() {
    var tally = Tally(from: ["a", "b"])
    for key in ["b", "c", "b", "c", "c"] { tally.count(key) }
    #expect(tally.entries.map(\.key) == ["a", "b", "c"])
    #expect(tally.entries.map(\.count) == [0, 2, 3])
  }

  @Test("outcomes are shown from the start, under the names that dashboards know")
  func outcomes() {
    let tally = Tally(from: ImageOutcome.allCases)
    #expect(tally.entries.map { "\($0.key)" } == ["answered", "failed", "pending", "refused", "cancelled"])
    #expect(tally.entries.allSatisfy { $0.count == 0 })
  }

  @Test("a path and its label say the same")
  func labels() {
    for path in ["/", "/v1/images", "/healthz", "/readyz", "/metrics"] { #expect(RouteLabel(path: path).text == path) }
    #expect(RouteLabel(path: "/v1/results/what").text == "/v1/results/{id}")
    #expect(RouteLabel(path: "/v1/result").text == "other")
  }

  @Test(
    "a duration in seconds is the nearest number there is",
    arguments: [
      (.zero, 0), (.nanoseconds(1), 1e-9), (.milliseconds(250), 0.25), (.seconds(1), 1), (.milliseconds(-1500), -1.5),
      (.microseconds(18_446_744_073_709), 18_446_744.073709), (.seconds(1_000_000_000_000), 1e12),
    ] as [(Duration, Double)])
  func seconds(duration: Duration, seconds: Double) {
    #expect(abs(duration.inSeconds - seconds) <= abs(seconds).ulp)
  }
}
