import Elasticity
import EventLoop
import Testing

@Suite struct PreforkPlanTests {
  typealias Action = PreforkPlan.Action
  private let start = ContinuousClock.now

  @Test("the first process goes ahead, the others follow when it is ready, and the group is announced once")
  func starting() {
    var plan = PreforkPlan(processCount: 3)
    #expect(plan.start(at: start) == [.spawn(0, slot: 0)])
    #expect(plan.ready(0, at: start) == [.spawn(1, slot: 1), .spawn(2, slot: 2)])
    #expect(plan.ready(2, at: start) == [])
    #expect(plan.ready(1, at: start) == [.announce])
    #expect(plan.ready(1, at: start) == [])
  }

  @Test("one process is a group, too")
  func single() {
    var plan = PreforkPlan(processCount: 1)
    _ = plan.start(at: start)
    #expect(plan.ready(0, at: start) == [.announce])
  }

  @Test("a first process that cannot start ends the group with its status, and is not started again")
  func cannotStart() {
    var plan = PreforkPlan(processCount: 3)
    _ = plan.start(at: start)
    #expect(
      plan.ended(0, .exited(64), at: start) == [.note(.ended(0, .exited(64))), .closeSockets, .finish(64)])
  }

  @Test("a process that ends during the start, even with status 0, ends the others and the group fails")
  func endsWhileStarting() {
    var plan = PreforkPlan(processCount: 2)
    _ = plan.start(at: start)
    _ = plan.ready(0, at: start)
    #expect(
      plan.ended(1, .exited(0), at: start) == [.note(.ended(1, .exited(0))), .closeSockets, .terminate(0)])
    #expect(plan.ended(0, .exited(0), at: start) == [.finish(1)])
  }

  @Test("a start that takes too long ends the group")
  func startTimesOut() {
    var plan = PreforkPlan(processCount: 2)
    _ = plan.start(at: start)
    #expect(plan.readyTimedOut(0) == [.note(.notReadyInTime(0)), .closeSockets, .terminate(0)])
    #expect(plan.ended(0, .signalled(15), at: start) == [.note(.ended(0, .signalled(15))), .finish(1)])
  }

  @Test("a process that dies is started again at once, then after growing delays on a new socket, up to the bound")
  func restarts() {
    var plan = serving(2)
    #expect(plan.ended(0, .signalled(9), at: start).last == .restart(slot: 0, after: .zero))
    var delays: [Duration] = []
    for id in 2..<12 {
      #expect(plan.restartDue(slot: 0, at: start) == [.spawn(id, slot: 0)])
      let actions = plan.ended(id, .exited(1), at: start)
      #expect(actions.contains(.renewSocket(slot: 0)))
      guard case .restart(slot: 0, let delay) = actions.last else {
        Issue.record("no restart in \(actions)")
        return
      }
      delays.append(delay)
    }
    #expect(delays.prefix(3) == [.milliseconds(200), .milliseconds(400), .milliseconds(800)])
    #expect(delays.last == PreforkLimits().restartDelayMax)
  }

  @Test("the death of a process that was well for long is the first in a while again")
  func wellForLong() {
    var plan = serving(2)
    _ = plan.ended(0, .signalled(9), at: start)
    _ = plan.restartDue(slot: 0, at: start)
    _ = plan.ended(2, .signalled(9), at: start)
    _ = plan.restartDue(slot: 0, at: start)
    _ = plan.ready(3, at: start)
    let later = start + PreforkLimits().healthyDuration
    let actions = plan.ended(3, .signalled(9), at: later)
    #expect(actions == [.note(.ended(3, .signalled(9))), .restart(slot: 0, after: .zero)])
  }

  @Test("a process started again that hangs is killed, and its end is followed by the next start")
  func hangs() {
    var plan = serving(2)
    _ = plan.ended(1, .exited(1), at: start)
    _ = plan.restartDue(slot: 1, at: start)
    #expect(plan.readyTimedOut(2) == [.note(.notReadyInTime(2)), .kill(2)])
    #expect(plan.ended(2, .signalled(9), at: start).last == .restart(slot: 1, after: .milliseconds(200)))
  }

  @Test("an upgrade ends the old processes only when every new one is ready")
  func upgrade() {
    var plan = serving(2)
    #expect(plan.upgrade(at: start) == [.note(.upgrading), .spawn(2, slot: 0)])
    #expect(plan.ready(2, at: start) == [.spawn(3, slot: 1)])
    #expect(plan.ready(3, at: start) == [.terminate(0), .terminate(1), .note(.upgraded)])
    #expect(plan.ended(0, .exited(0), at: start) == [])
    #expect(plan.ended(1, .exited(1), at: start) == [.note(.ended(1, .exited(1)))])
    // The new ones are the group now.
    #expect(plan.ended(2, .exited(1), at: start).last == .restart(slot: 0, after: .zero))
  }

  @Test("an upgrade whose processes do not start, or hang, leaves the old ones as they are", arguments: [true, false])
  func failedUpgrade(endsByItself: Bool) {
    var plan = serving(2)
    _ = plan.upgrade(at: start)
    _ = plan.ready(2, at: start)
    if endsByItself {
      #expect(
        plan.ended(3, .exited(1), at: start) == [
          .note(.ended(3, .exited(1))), .terminate(2), .note(.upgradeFailed),
        ])
    } else {
      #expect(
        plan.readyTimedOut(3) == [.note(.notReadyInTime(3)), .terminate(2), .terminate(3), .note(.upgradeFailed)])
    }
    #expect(plan.ready(3, at: start) == [])
    // And the next one can succeed.
    #expect(plan.upgrade(at: start) == [.note(.upgrading), .spawn(4, slot: 0)])
  }

  @Test("an old process that dies during an upgrade is replaced by its successor, or again when the upgrade fails")
  func deathDuringUpgrade() {
    var plan = serving(2)
    _ = plan.upgrade(at: start)
    #expect(plan.ended(1, .signalled(11), at: start) == [.note(.ended(1, .signalled(11)))])
    var failed = plan
    #expect(failed.ended(2, .exited(1), at: start).last == .restart(slot: 1, after: .milliseconds(200)))
    #expect(failed.restartDue(slot: 1, at: start) == [.spawn(3, slot: 1)])
    _ = plan.ready(2, at: start)
    #expect(plan.ready(3, at: start) == [.terminate(0), .note(.upgraded)])
    #expect(plan.restartDue(slot: 1, at: start) == [])
  }

  @Test("upgrades wanted during a start or an upgrade become one that follows")
  func upgradesQueue() {
    var plan = PreforkPlan(processCount: 1)
    _ = plan.start(at: start)
    #expect(plan.upgrade(at: start) == [] && plan.upgrade(at: start) == [])
    #expect(plan.ready(0, at: start) == [.announce, .note(.upgrading), .spawn(1, slot: 0)])
    #expect(plan.upgrade(at: start) == [])
    #expect(
      plan.ready(1, at: start) == [.terminate(0), .note(.upgraded), .note(.upgrading), .spawn(2, slot: 0)])
    #expect(plan.ready(2, at: start) == [.terminate(1), .note(.upgraded)])
  }

  @Test("a stop ends every process, new, old and retiring, and succeeds when each ended well")
  func stop() {
    var plan = serving(1)
    _ = plan.upgrade(at: start)
    _ = plan.ready(1, at: start)
    _ = plan.upgrade(at: start)
    // 0 retires, 1 serves, 2 starts.
    #expect(plan.stop() == [.closeSockets, .terminate(1), .terminate(2)])
    #expect(plan.upgrade(at: start) == [] && plan.restartDue(slot: 0, at: start) == [])
    #expect(plan.ended(2, .exited(0), at: start) == [])
    #expect(plan.ended(0, .exited(0), at: start) == [])
    #expect(plan.ended(1, .exited(0), at: start) == [.finish(0)])
  }

  @Test("a second stop kills what is left, and the group has failed")
  func impatience() {
    var plan = serving(2)
    _ = plan.stop()
    _ = plan.ended(1, .exited(0), at: start)
    #expect(plan.stop() == [.kill(0)])
    #expect(plan.ended(0, .signalled(9), at: start) == [.note(.ended(0, .signalled(9))), .finish(1)])
  }

  private func serving(_ processCount: Int) -> PreforkPlan {
    var plan = PreforkPlan(processCount: processCount)
    _ = plan.start(at: start)
    for id in 0..<processCount { _ = plan.ready(id, at: start) }
    return plan
  }
}
