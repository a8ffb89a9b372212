import AWS
import Foundation
import Testing

@Suite("retries, standard mode")
struct RetryTests {
  /// What an attempt brings, and what is expected then. Delays are in seconds, for a fraction of 1.
  enum Step {
    case fails(RetryCause = .transient, delay: Double, quota: Int)
    case stops(RetryStop, quota: Int)
    case succeeds(quota: Int)
  }

  /// The cases that the AWS SDKs share for their standard mode.
  private func run(
    quota tokenCount: Int = 500, attempts: Int = 3, delayMax: Duration = .seconds(20), _ steps: [Step],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var policy = RetryPolicy()
    policy.attemptCountMax = attempts
    policy.backoff.delayMax = delayMax
    var quota = RetryQuota(tokenCount: tokenCount)
    var sequence = policy.begin()
    for step in steps {
      let expected: Int
      switch step {
      case .fails(let cause, let delay, let count):
        let decision = sequence.decide(after: cause, fraction: 1, quota: &quota)
        #expect(decision == .retry(after: .seconds(delay)), sourceLocation: sourceLocation)
        expected = count
      case .stops(let stop, let count):
        let decision = sequence.decide(after: .transient, fraction: 1, quota: &quota)
        #expect(decision == .stop(stop), sourceLocation: sourceLocation)
        sequence = policy.begin()
        expected = count
      case .succeeds(let count):
        sequence.succeed(quota: &quota)
        sequence = policy.begin()
        expected = count
      }
      #expect(quota.tokenCount == expected, sourceLocation: sourceLocation)
    }
  }

  @Test("a retry eventually succeeds, and gets its last cost back")
  func success() {
    run([.fails(delay: 1, quota: 495), .fails(delay: 2, quota: 490), .succeeds(quota: 495)])
  }

  @Test("the third failure is final")
  func attempts() {
    run([.fails(delay: 1, quota: 495), .fails(delay: 2, quota: 490), .stops(.attemptsExhausted, quota: 490)])
  }

  @Test("the quota is used up by one retry")
  func quotaOfOne() {
    run(quota: 5, [.fails(delay: 1, quota: 0), .stops(.quotaExhausted, quota: 0)])
  }

  @Test("an empty quota allows no retry at all")
  func quotaOfNone() {
    run(quota: 0, [.stops(.quotaExhausted, quota: 0)])
  }

  @Test("the delay doubles")
  func exponential() {
    run(
      attempts: 5,
      [
        .fails(delay: 1, quota: 495), .fails(delay: 2, quota: 490), .fails(delay: 4, quota: 485),
        .fails(delay: 8, quota: 480), .stops(.attemptsExhausted, quota: 480),
      ])
  }

  @Test("the delay stops growing at its maximum")
  func delayMax() {
    run(
      attempts: 5, delayMax: .seconds(3),
      [
        .fails(delay: 1, quota: 495), .fails(delay: 2, quota: 490), .fails(delay: 3, quota: 485),
        .fails(delay: 3, quota: 480), .stops(.attemptsExhausted, quota: 480),
      ])
  }

  @Test("retries stop when the quota is used up on the way")
  func quotaOnTheWay() {
    run(
      quota: 10, attempts: 5,
      [.fails(delay: 1, quota: 5), .fails(delay: 2, quota: 0), .stops(.quotaExhausted, quota: 0)])
  }

  @Test("the quota recovers with successes, for the calls after")
  func recovery() {
    run(
      quota: 15, attempts: 5,
      [
        .fails(delay: 1, quota: 10), .fails(delay: 2, quota: 5), .succeeds(quota: 10), .fails(delay: 1, quota: 5),
        .succeeds(quota: 10),
      ])
  }

  @Test("a timeout costs twice as much, throttling as much as any failure")
  func costs() {
    run(
      quota: 20,
      [.fails(.timeout, delay: 1, quota: 10), .succeeds(quota: 20), .fails(.throttling, delay: 1, quota: 15)])
    run(quota: 10, [.fails(.timeout, delay: 1, quota: 0), .stops(.quotaExhausted, quota: 0)])
  }

  @Test("a success without a retry gives one token back, never more than there is room for")
  func refunds() {
    run(quota: 498, [.succeeds(quota: 499), .succeeds(quota: 500), .succeeds(quota: 500)])
  }

  @Test("jitter takes any part of the delay, and no number of retries overflows it")
  func jitter() {
    let backoff = Backoff()
    #expect(backoff.delay(beforeRetry: 2, fraction: 0) == .zero)
    #expect(backoff.delay(beforeRetry: 2, fraction: 0.5) == .seconds(2))
    #expect(backoff.delay(beforeRetry: 5, fraction: 1) == .seconds(20))
    #expect(backoff.delay(beforeRetry: .max, fraction: 1) == .seconds(20))
  }

  @Test("what the service asks for is a lower bound of the delay, within our patience")
  func retryAfter() {
    func delay(_ asked: Duration?, fraction: Double) -> RetryDecision {
      var quota = RetryQuota()
      var sequence = RetryPolicy().begin()
      return sequence.decide(after: .throttling, retryAfter: asked, fraction: fraction, quota: &quota)
    }
    #expect(delay(.seconds(5), fraction: 0) == .retry(after: .seconds(5)))
    #expect(delay(.milliseconds(100), fraction: 1) == .retry(after: .seconds(1)))
    #expect(delay(.seconds(3600), fraction: 0) == .retry(after: .seconds(20)))
    #expect(delay(nil, fraction: 0) == .retry(after: .zero))
  }

  @Test("Retry-After is read in seconds, in milliseconds and as a date, and ignored when illegible")
  func headers() {
    let now = Date(timeIntervalSince1970: 784_111_777)
    func read(_ milliseconds: String?, _ retryAfter: String?) -> Duration? {
      RetryAfter.delay(milliseconds: milliseconds, retryAfter: retryAfter, now: now)
    }
    #expect(read(nil, nil) == nil)
    #expect(read(nil, "120") == .seconds(120))
    #expect(read("1500", "120") == .milliseconds(1500))
    #expect(read("soon", "120") == .seconds(120))
    #expect(read(nil, "Sun, 06 Nov 1994 08:49:57 GMT") == .seconds(20))
    #expect(read(nil, "Sun, 06 Nov 1994 08:00:00 GMT") == .zero)
    for text in ["-1", "1.5", "", "9999999999999999999999", "later"] { #expect(read(nil, text) == nil) }
  }
}
