import Elasticity
import EventLoop
import Glibc
import TestSupport
import Testing

/// Real processes, which are workers in what they print and in how they end.
@Suite(.timeLimit(.minutes(2))) struct FleetTests {
  @Test("the fleet grows with the queue up to its maximum and shrinks to its minimum when the queue is empty")
  func followsTheQueue() async throws {
    try await onLoop {
      let bench = Bench(minimum: 1, maximum: 3)
      try await bench.start()
      #expect(bench.fleet.state.readyCount == 1 && bench.fleet.state.queue == nil)
      bench.depth = QueueDepth(visible: 100_000, inFlight: 0)
      bench.fleet.follow()
      try await bench.until { $0.readyCount == 3 }
      #expect(bench.fleet.state.wanted == 3 && bench.fleet.state.queue?.visible == 100_000)
      bench.depth = QueueDepth(visible: 0, inFlight: 0)
      try await bench.until { $0.workers.count == 1 }
      #expect(bench.log.contains { $0.hasPrefix("fleet: 1 → 3 workers: up to 100000 visible") })
      // One that looks late still has the depth of before.
      #expect(
        bench.log.contains { $0.wholeMatch(of: /fleet: 3 → 1 workers: up to (0|100000) visible, 0 in flight/) != nil })
      #expect(bench.fleet.state.workers.map(\.name) == ["worker 1"])
      await bench.fleet.stop(within: .seconds(10))
    }
  }

  @Test("a busy worker stays when others go, and goes when it is idle")
  func busyStays() async throws {
    try await onLoop {
      let bench = Bench(minimum: 1, maximum: 3, busySlot: 2)
      try await bench.start()
      bench.depth = QueueDepth(visible: 100_000, inFlight: 0)
      bench.fleet.follow()
      try await bench.until { $0.readyCount == 3 && $0.count(of: .busy) == 1 && $0.workers[1].held == 4 }
      bench.depth = QueueDepth(visible: 0, inFlight: 0)
      try await bench.until { $0.workers.count == 1 }
      // The minimum is one, and the one that stays is not the oldest.
      #expect(bench.fleet.state.workers.map(\.name) == ["worker 2"])
      #expect(bench.fleet.state.count(of: .busy) == 1)
      #expect(!bench.log.contains { $0.contains("holds") }, "what only the fleet wants to know is in nobody's log")
      await bench.fleet.stop(within: .seconds(10))
    }
  }

  @Test("a worker that dies is ready again after a while, and is the same worker")
  func death() async throws {
    try await onLoop {
      let bench = Bench(minimum: 2, maximum: 2)
      try await bench.start()
      bench.fleet.follow()
      let pid = try #require(bench.fleet.state.workers[0].pid)
      kill(pid, SIGKILL)
      try await bench.until { $0.readyCount == 1 }
      try await bench.until { $0.readyCount == 2 }
      let worker = bench.fleet.state.workers[0]
      #expect(worker.name == "worker 1" && worker.restarts == 1 && worker.pid != pid && worker.pid != nil)
      await bench.fleet.stop(within: .seconds(10))
    }
  }

  @Test("while the queue cannot be read the fleet stays as it is, which is said once")
  func unreadable() async throws {
    try await onLoop {
      let bench = Bench(minimum: 1, maximum: 2)
      try await bench.start()
      bench.depth = QueueDepth(visible: 100_000, inFlight: 0)
      bench.fleet.follow()
      try await bench.until { $0.readyCount == 2 }
      bench.depth = nil
      let before = bench.lookCount
      while bench.lookCount < before + 20 { try await sleep(for: .milliseconds(5)) }
      #expect(bench.fleet.state.readyCount == 2 && bench.fleet.state.queue == nil)
      #expect(bench.log.count { $0.hasPrefix("fleet: the queue's depth is not known") } == 1)
      bench.depth = QueueDepth(visible: 0, inFlight: 0)
      try await bench.until { $0.workers.count == 1 }
      #expect(bench.log.contains("fleet: the queue's depth is known again"))
      await bench.fleet.stop(within: .seconds(10))
    }
  }

  @Test("a stop ends all of them, busy or draining, within its limit, and none is started again")
  func stop() async throws {
    try await onLoop {
      // It does not end by itself when it is told to.
      let bench = Bench(minimum: 1, maximum: 3, busySlot: 2, stubbornSlot: 3)
      try await bench.start()
      bench.depth = QueueDepth(visible: 100_000, inFlight: 0)
      bench.fleet.follow()
      try await bench.until { $0.readyCount == 3 && $0.count(of: .busy) == 1 && $0.workers[1].held == 4 }
      bench.depth = QueueDepth(visible: 0, inFlight: 0)
      try await bench.until { $0.count(of: .draining) == 1 && $0.workers.count == 2 }
      let pids = bench.fleet.state.workers.compactMap(\.pid)
      #expect(pids.count == 2)
      await bench.fleet.stop(within: .milliseconds(300))
      for pid in pids { #expect(kill(pid, 0) == -1) }
      #expect(bench.log.contains("worker 3: did not stop in time, killed"))
    }
  }
}

/// A fleet of shell scripts and a queue that the test fills.
@LoopActor private final class Bench {
  private(set) var fleet: Fleet!
  private(set) var log: [String] = []
  private(set) var lookCount = 0
  /// `nil` cannot be read.
  var depth: QueueDepth? = QueueDepth(visible: 0, inFlight: 0)

  private struct Unreadable: Error {}

  init(minimum: Int, maximum: Int, busySlot: Int = 0, stubbornSlot: Int = 0) {
    var configuration = Fleet.Configuration(minimum: minimum, maximum: maximum, loadPrefix: "holds ") { slot in
      let end = slot == stubbornSlot ? "" : "exit 0"
      let load = slot == busySlot ? "echo holds 4" : "echo holds 1; echo holds 0"
      return .init(
        name: "worker \(slot)", executable: "/bin/sh",
        arguments: ["-c", "trap '\(end)' TERM; echo ready; \(load); while :; do sleep 0.02; done"],
        environment: ["PATH": "/usr/bin:/bin"], readyPrefix: "ready")
    }
    configuration.limits.period = .milliseconds(100)
    configuration.limits.warmUpDuration = .milliseconds(100)
    fleet = Fleet(configuration) { [unowned self] in
      lookCount += 1
      guard let depth else { throw Unreadable() }
      return depth
    } log: { [unowned self] line, name in
      log.append("\(name): \(line)")
    }
  }

  func start() async throws {
    for worker in fleet.start() { _ = try #require(await worker.ready(within: .seconds(60))) }
  }

  /// Looks until the state is as wanted; the suite's time limit ends what never is.
  func until(_ isWanted: (FleetState) -> Bool) async throws {
    while !isWanted(fleet.state) { try await sleep(for: .milliseconds(5)) }
    #expect(fleet.state.workers.count <= fleet.state.maximum)
  }
}
