import Elasticity
import EventLoop
import TestSupport
import Testing

@Suite struct FleetPlanTests {
  typealias Action = FleetPlan.Action

  @Test("it starts with the minimum, each worker in the lowest slot that is free")
  func starts() {
    var plan = FleetPlan(minimum: 2, maximum: 5)
    #expect(plan.start() == [.start(0, slot: 1), .start(1, slot: 2)])
    #expect(plan.scale(to: 4, isQueueEmpty: false) == [.start(2, slot: 3), .start(3, slot: 4)])
    #expect(plan.wantedCount == 4 && plan.count(of: .starting) == 4 && plan.readyCount == 0)
  }

  @Test("what is wanted is kept within minimum and maximum")
  func bounds() {
    var plan = ready(minimum: 1, maximum: 3, count: 1)
    #expect(plan.scale(to: 19, isQueueEmpty: false) == [.start(1, slot: 2), .start(2, slot: 3)])
    #expect(plan.wantedCount == 3)
    #expect(plan.scale(to: 0, isQueueEmpty: true) == [.drain(2), .drain(1)])
    #expect(plan.wantedCount == 1)
  }

  @Test("nothing is drained while anything is visible or in flight")
  func onlyWhenEmpty() {
    var plan = ready(minimum: 1, maximum: 3, count: 3)
    #expect(plan.scale(to: 1, isQueueEmpty: false) == [])
    #expect(plan.readyCount == 3 && plan.wantedCount == 1)
    #expect(plan.scale(to: 1, isQueueEmpty: true) == [.drain(2), .drain(1)])
  }

  @Test("a busy worker is not drained, whoever else has to go, and goes with a later look when it is idle")
  func busyStays() {
    var plan = ready(minimum: 1, maximum: 4, count: 4)
    plan.holds(3, 1)
    plan.holds(1, 7)
    #expect(plan.count(of: .busy) == 2)
    #expect(plan.scale(to: 1, isQueueEmpty: true) == [.drain(2), .drain(0)])
    #expect(plan.scale(to: 1, isQueueEmpty: true) == [])
    plan.holds(3, 0)
    #expect(plan.scale(to: 1, isQueueEmpty: true) == [.drain(3)])
    plan.holds(1, 0)
    #expect(plan.scale(to: 1, isQueueEmpty: true) == [])
  }

  @Test("who is not ready goes first")
  func startingGoesFirst() {
    var plan = ready(minimum: 1, maximum: 4, count: 4)
    plan.died(1)
    #expect(plan.scale(to: 3, isQueueEmpty: true) == [.drain(1)])
  }

  @Test("those that drain count against the maximum, and their places are filled when they have ended")
  func drainingCounts() {
    var plan = ready(minimum: 1, maximum: 3, count: 3)
    #expect(plan.scale(to: 1, isQueueEmpty: true) == [.drain(2), .drain(1)])
    #expect(plan.scale(to: 3, isQueueEmpty: false) == [])
    #expect(plan.members.count == 3)
    #expect(plan.ended(2) == [.start(3, slot: 3)])
    #expect(plan.ended(1) == [.start(4, slot: 2)])
    #expect(plan.count(of: .draining) == 0)
  }

  @Test("a worker that dies is not ready until it says so again, and what it said before it died does not count")
  func dies() {
    var plan = ready(minimum: 1, maximum: 2, count: 2)
    plan.holds(0, 3)
    plan.died(0)
    plan.holds(0, 2)
    #expect(plan.members[0].stage == .starting && plan.members[0].heldCount == 0)
    plan.ready(0)
    #expect(plan.members[0].stage == .idle)
    plan.holds(0, 1)
    #expect(plan.members[0].stage == .busy && plan.members[0].heldCount == 1)
  }

  @Test("a worker that drains goes on telling what it holds, and its end is no death")
  func draining() {
    var plan = ready(minimum: 1, maximum: 2, count: 2)
    #expect(plan.scale(to: 1, isQueueEmpty: true) == [.drain(1)])
    plan.holds(1, 2)
    plan.ready(1)
    plan.died(1)
    #expect(plan.members[1].stage == .draining && plan.members[1].heldCount == 2)
    #expect(plan.ended(1) == [] && plan.members.map(\.id) == [0])
  }

  @Test("in service is who is ready or was so before it was told to drain")
  func inService() {
    var plan = ready(minimum: 1, maximum: 4, count: 3)
    #expect(plan.inServiceCount == 3)
    _ = plan.scale(to: 4, isQueueEmpty: false)
    plan.died(1)
    #expect(plan.inServiceCount == 2)
    #expect(plan.scale(to: 1, isQueueEmpty: true) == [.drain(3), .drain(1), .drain(2)])
    #expect(plan.inServiceCount == 2)
    _ = plan.ended(3)
    #expect(plan.inServiceCount == 2)
    _ = plan.ended(2)
    #expect(plan.inServiceCount == 1)
  }

  @Test("a stop drains all of them once, and nothing is started any more")
  func stops() {
    var plan = ready(minimum: 1, maximum: 3, count: 3)
    _ = plan.scale(to: 2, isQueueEmpty: true)
    plan.holds(0, 1)
    #expect(plan.stop() == [.drain(0), .drain(1)])
    #expect(plan.stop() == [])
    #expect(plan.scale(to: 3, isQueueEmpty: false) == [])
    #expect(plan.ended(0) == [] && plan.ended(1) == [] && plan.ended(2) == [])
    #expect(plan.members.isEmpty)
  }

  @Test("whatever happens, its promises hold", arguments: [1, 2, 3, 4] as [UInt64])
  func anything(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<50 {
      let minimum = Int.random(in: 1...4, using: &random)
      let maximum = minimum + Int.random(in: 0...4, using: &random)
      var plan = FleetPlan(minimum: minimum, maximum: maximum)
      var running: Set<Int> = []
      var isEmpty = false
      func follow(_ actions: [Action], _ before: FleetPlan) {
        for action in actions {
          switch action {
          case .start(let id, let slot):
            #expect(running.insert(id).inserted && (1...maximum).contains(slot))
          case .drain(let id):
            #expect(running.contains(id) && isEmpty, "seed \(seed)")
            #expect(before.members.first { $0.id == id }?.stage != .busy, "seed \(seed)")
          }
        }
        #expect(running.count <= maximum && Set(plan.members.map(\.slot)).count == plan.members.count, "seed \(seed)")
      }
      follow(plan.start(), plan)
      for _ in 0..<300 {
        let before = plan
        let member = plan.members.randomElement(using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0...3:
          isEmpty = Bool.random(using: &random)
          let wanted = Int.random(in: 0...10, using: &random)
          follow(plan.scale(to: wanted, isQueueEmpty: isEmpty), before)
          let drainingCount = plan.count(of: .draining)
          #expect(plan.members.count - drainingCount >= min(plan.wantedCount, maximum - drainingCount), "seed \(seed)")
        case 4, 5: if let member { plan.ready(member.id) }
        case 6, 7: if let member { plan.holds(member.id, Int.random(in: 0...2, using: &random)) }
        case 8: if let member { plan.died(member.id) }
        default:
          guard let member, member.stage == .draining else { continue }
          running.remove(member.id)
          follow(plan.ended(member.id), before)
        }
      }
    }
  }

  /// All of them idle.
  private func ready(minimum: Int, maximum: Int, count: Int) -> FleetPlan {
    var plan = FleetPlan(minimum: minimum, maximum: maximum)
    _ = plan.start()
    _ = plan.scale(to: count, isQueueEmpty: false)
    for id in 0..<count { plan.ready(id) }
    return plan
  }
}
