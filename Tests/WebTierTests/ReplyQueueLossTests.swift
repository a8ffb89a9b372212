import Testing

@testable import WebTier

@Suite("When a reply queue is lost")
struct ReplyQueueLossTests {
  private let start = ContinuousClock.now
  private let limits = ReplyQueueLimits()

  @Test("a queue that is not known yet is waited for, and counts as missing meanwhile")
  func notKnownYet() {
    var loss = ReplyQueueLoss(limits: limits)
    #expect(!loss.isMissing)
    #expect(loss.missing(at: start) == false)
    #expect(loss.isMissing)
    #expect(loss.missing(at: start + limits.missingDuration - .milliseconds(1)) == false)
    loss.received()
    #expect(!loss.isMissing)
    // The wait begins anew.
    #expect(loss.missing(at: start + .seconds(3600)) == false)
  }

  @Test("one that stays missing is replaced; replacements that bring nothing come ever more slowly, up to the bound")
  func replaced() {
    var loss = ReplyQueueLoss(limits: limits)
    var now = start
    var pauses: [Duration] = []
    for _ in 0..<12 {
      #expect(loss.missing(at: now) == false)
      let since = now
      while !loss.missing(at: now) { now += .seconds(1) }
      pauses.append(now - since)
      loss.replaced()
      #expect(!loss.isMissing)
    }
    #expect(pauses.prefix(3) == [limits.missingDuration, limits.missingDuration * 2, limits.missingDuration * 4])
    #expect(pauses.last == limits.missingDurationMax)
    loss.received()
    #expect(loss.missing(at: now) == false)
    #expect(loss.missing(at: now + limits.missingDuration) == true)
  }
}
