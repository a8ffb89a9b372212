import Testing

@testable import AppTier

@Suite("When an instance is protected from scale-in")
struct ProtectionPlanTests {
  let start = ContinuousClock.now

  /// Idle for 30 s; backoff from 5 to 300 s.
  func makePlan() -> ProtectionPlan { ProtectionPlan(limits: WorkerLimits(concurrency: 1), at: start) }
  func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

  /// A plan whose group knows that the instance is protected, at second 0.
  func makeProtectedPlan() -> ProtectionPlan {
    var plan = makePlan()
    plan.setBusy(true, at: start)
    #expect(plan.step(at: start) == .call(isProtected: true))
    plan.callEnded(succeeded: true, fraction: 1, at: start)
    return plan
  }

  @Test("protected with the first job, not any more when there was none for thirty seconds")
  func edges() {
    var plan = makeProtectedPlan()
    #expect(plan.step(at: at(1000)) == .rest)
    plan.setBusy(false, at: at(1000))
    #expect(plan.step(at: at(1000)) == .wait(.seconds(30)))
    #expect(plan.step(at: at(1029)) == .wait(.seconds(1)))
    #expect(plan.step(at: at(1030)) == .call(isProtected: false))
    plan.callEnded(succeeded: true, fraction: 1, at: at(1031))
    #expect(plan.step(at: at(5000)) == .rest)
    plan.setBusy(true, at: at(5000))
    #expect(plan.step(at: at(5000)) == .call(isProtected: true))
  }

  @Test("jobs that come one by one cost no calls")
  func hysteresis() {
    var plan = makeProtectedPlan()
    for second in stride(from: 0, to: 1000, by: 25) {
      plan.setBusy(false, at: at(second))
      #expect(plan.step(at: at(second + 24)) == .wait(.seconds(6)))
      plan.setBusy(true, at: at(second + 24))
      #expect(plan.step(at: at(second + 24)) == .rest)
    }
  }

  @Test("what the group knows of an idle instance is settled after thirty seconds, whatever another process left")
  func unknown() {
    var plan = makePlan()
    #expect(plan.step(at: start) == .wait(.seconds(30)))
    #expect(plan.step(at: at(30)) == .call(isProtected: false))
  }

  @Test("one call at a time; what has changed meanwhile is called for when it ends")
  func oneCall() {
    var plan = makePlan()
    plan.setBusy(true, at: start)
    #expect(plan.step(at: start) == .call(isProtected: true))
    #expect(plan.step(at: at(1)) == .rest)
    plan.setBusy(false, at: at(1))
    #expect(plan.step(at: at(100)) == .rest)
    plan.callEnded(succeeded: true, fraction: 1, at: at(100))
    #expect(plan.step(at: at(100)) == .call(isProtected: false))
  }

  @Test("a call that fails is made again, later each time, up to five minutes; then from the beginning")
  func backoff() {
    var plan = makePlan()
    plan.setBusy(true, at: start)
    var now = start
    for expected in [5, 10, 20, 40, 80, 160, 300, 300] {
      #expect(plan.step(at: now) == .call(isProtected: true))
      plan.callEnded(succeeded: false, fraction: 1, at: now)
      #expect(plan.step(at: now) == .wait(.seconds(expected)))
      now += .seconds(expected)
    }
    #expect(plan.step(at: now) == .call(isProtected: true))
    plan.callEnded(succeeded: true, fraction: 1, at: now)
    plan.setBusy(false, at: now)
    now += .seconds(30)
    #expect(plan.step(at: now) == .call(isProtected: false))
    plan.callEnded(succeeded: false, fraction: 0, at: now)
    #expect(plan.step(at: now) == .wait(.milliseconds(2500)))
  }

  @Test("a call that failed may have taken effect: what was known before counts no more")
  func uncertain() {
    var plan = makeProtectedPlan()
    plan.setBusy(false, at: start)
    #expect(plan.step(at: at(30)) == .call(isProtected: false))
    plan.callEnded(succeeded: false, fraction: 1, at: at(30))
    plan.setBusy(true, at: at(31))
    #expect(plan.step(at: at(31)) == .wait(.seconds(4)))
    #expect(plan.step(at: at(35)) == .call(isProtected: true))
  }
}
