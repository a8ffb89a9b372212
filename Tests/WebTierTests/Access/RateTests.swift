import EventLoop
import Testing

@testable import WebTier

@Suite("Rate limits")
struct RateTests {
  private let start = ContinuousClock.now

  @Test(
    "rates are read as they are written",
    arguments: [
      ("10", 10, Duration.seconds(1), nil as Int?), ("10/s", 10, .seconds(1), nil), ("100/m", 100, .seconds(60), nil),
      ("1000/h:20", 1000, .seconds(3600), 20), ("1/h:1", 1, .seconds(3600), 1),
    ])
  func parsing(_ text: String, _ count: Int, _ span: Duration, _ burst: Int?) throws {
    let rate = try #require(RateLimit(text))
    #expect(rate == RateLimit(count, per: span, burst: burst))
  }

  @Test("a burst is a second's worth, and at least one")
  func defaultBurst() {
    #expect(RateLimit("10/s")?.burst == 10)
    #expect(RateLimit("90/m")?.burst == 2)
    #expect(RateLimit("1/h")?.burst == 1)
  }

  @Test(
    "what is no rate is none",
    arguments: [
      "", "0", "-1/s", "1/d", "1/", "/s", "1/s:", "1/s:0", "1/s:x", "1:2:3", "x", "1000001", "9223372036854775807/s",
    ])
  func malformed(_ text: String) {
    #expect(RateLimit(text) == nil)
  }

  @Test("a bucket gives its burst at once, then one token each interval, and says how long to wait")
  func bucket() throws {
    let limit = try #require(RateLimit(10, per: .seconds(1), burst: 3))
    var bucket = TokenBucket()
    for _ in 0..<3 { #expect(bucket.take(limit, at: start) == nil) }
    #expect(bucket.take(limit, at: start) == .milliseconds(100))
    // Asking has cost nothing.
    #expect(bucket.take(limit, at: start + .milliseconds(60)) == .milliseconds(40))
    #expect(bucket.take(limit, at: start + .milliseconds(100)) == nil)
    #expect(bucket.take(limit, at: start + .milliseconds(100)) == .milliseconds(100))
    // However long nobody asks, there is no more than a burst.
    for _ in 0..<3 { #expect(bucket.take(limit, at: start + .seconds(3600)) == nil) }
    #expect(bucket.take(limit, at: start + .seconds(3600)) == .milliseconds(100))
  }

  @Test("over a long time exactly the rate is given, whatever the order of asking")
  func longRun() throws {
    let limit = try #require(RateLimit(7, per: .seconds(1), burst: 5))
    var bucket = TokenBucket()
    var random = SplitMix64(seed: 7)
    var now = start
    var count = 0
    while now < start + .seconds(100) {
      if bucket.take(limit, at: now) == nil { count += 1 }
      now += .microseconds(Int.random(in: 0..<20_000, using: &random))
    }
    // All that flowed in, and the burst that was there; but for what may be under way.
    #expect((704...705).contains(count))
  }

  @Test("addresses are counted apart, and no more of them are remembered than may be")
  func addresses() throws {
    let limit = try #require(RateLimit("1/h:2"))
    var buckets = AddressBuckets(countMax: 100)
    let first = try #require(IPAddress("192.0.2.1"))
    for _ in 0..<2 { #expect(buckets.take(first, limit, at: start) == nil) }
    // As long as it asks now and then it is not forgotten, however many others come.
    for number in 0..<10_000 {
      let other = try #require(IPAddress("10.0.\(number / 256).\(number % 256)"))
      #expect(buckets.take(other, limit, at: start) == nil)
      if number.isMultiple(of: 49) { #expect(buckets.take(first, limit, at: start) != nil) }
      #expect(buckets.count <= 100)
    }
    // Half of the bound's others in a row, twice: the longest unseen has gone.
    for number in 0..<100 {
      _ = buckets.take(try #require(IPAddress("10.1.0.\(number)")), limit, at: start)
    }
    #expect(buckets.take(first, limit, at: start) == nil)
  }
}
