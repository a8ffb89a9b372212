package import EventLoop

/// The workers of one machine: as many as the policy wants by the depth of the queue. The processes and the clock around
/// ``FleetPlan`` and ``Autoscaler``.
///
/// It promises what they do, and that a worker which dies is started again. What a worker is, and what is known of the
/// queue, it is told.
@LoopActor
package final class Fleet {
  package struct Configuration: Sendable {
    /// At least 1.
    package var minimum: Int
    /// `minimum` to ``FleetLimits/workerCountMax``.
    package var maximum: Int
    package var policy = ElasticityPolicy.standard
    package var limits = FleetLimits()
    /// What a line of a worker's standard output begins with that ends with the number of jobs it holds.
    package var loadPrefix: String
    /// A worker by its slot, from 1 on.
    package var worker: @Sendable @LoopActor (_ slot: Int) -> SupervisedProcess.Specification

    package init(
      minimum: Int, maximum: Int, loadPrefix: String,
      worker: @escaping @Sendable @LoopActor (_ slot: Int) -> SupervisedProcess.Specification
    ) {
      self.minimum = minimum
      self.maximum = maximum
      self.loadPrefix = loadPrefix
      self.worker = worker
    }
  }

  private let configuration: Configuration
  private let queueDepth: @LoopActor () async throws -> QueueDepth
  private let log: @LoopActor (_ line: String, _ name: String) -> Void
  private var plan: FleetPlan
  private var autoscaler: Autoscaler?
  /// Workers in service that the autoscaler knows of.
  private var knownCount = 0
  private var processes: [FleetPlan.ID: SupervisedProcess] = [:]
  private var depth: QueueDepth?
  /// The last looks, which is about what the policy judges by.
  private var recentDepths: [QueueDepth] = []
  private static let recentCountMax = 4
  private var hasFailed = false
  private var watching: Task<Void, Never>?
  private let startedAt = ContinuousClock.now
  private var toldAt = Duration.zero

  /// - Parameters:
  ///   - queueDepth: Asked every ``FleetLimits/lookInterval``, once at a time.
  ///   - log: Takes the lines of the workers, and what is to be said of them, with a name for each.
  package init(
    _ configuration: Configuration, queueDepth: @escaping @LoopActor () async throws -> QueueDepth,
    log: @escaping @LoopActor (_ line: String, _ name: String) -> Void
  ) {
    self.configuration = configuration
    self.queueDepth = queueDepth
    self.log = log
    plan = FleetPlan(minimum: configuration.minimum, maximum: configuration.maximum)
  }

  // MARK: Life

  /// Starts the minimum.
  /// - Returns: The workers, to be waited for.
  package func start() -> [SupervisedProcess] {
    perform(plan.start())
    return plan.members.compactMap { processes[$0.id] }
  }

  /// Begins to look at the queue and to follow it.
  package func follow() {
    let limits = configuration.limits
    let policy = configuration.policy.paced(
      period: limits.period, minimum: configuration.minimum, maximum: configuration.maximum,
      warmup: limits.warmUpDuration)
    knownCount = plan.inServiceCount
    // At the ends of the policy's periods and between them, so that a period is judged by when it ends.
    var due = told(now)
    autoscaler = Autoscaler(policy, capacity: knownCount, at: due)
    watching = EventLoop.shared.spawn { [self] in
      while !Task.isCancelled {
        await look(due)
        repeat { due += limits.lookInterval } while due <= now
        guard (try? await sleep(for: due - now)) != nil else { return }
      }
    }
  }

  /// Drains all workers, and returns when none is left.
  /// - Parameter limit: Of a worker; then it is killed.
  package func stop(within limit: Duration) async {
    watching?.cancel()
    // Those that drain already, too: their own limit is longer.
    _ = plan.stop()
    let stops = processes.values.map { process in EventLoop.shared.spawn { await process.stop(within: limit) } }
    for stop in stops { await stop.value }
  }

  package var state: FleetState {
    FleetState(
      queue: depth.map { .init(visible: $0.visible, inFlight: $0.inFlight) }, minimum: plan.minimum,
      maximum: plan.maximum, wanted: plan.wantedCount,
      workers: plan.members.map { member in
        let process = processes[member.id]
        return .init(
          name: process?.specification.name ?? "", pid: process?.processIdentifier, stage: member.stage,
          held: member.heldCount, restarts: process?.restartCount ?? 0)
      })
  }

  // MARK: The queue

  private var now: Duration { ContinuousClock.now - startedAt }

  /// For the autoscaler, whose times never go back.
  private func told(_ time: Duration) -> Duration {
    toldAt = max(toldAt, time)
    return toldAt
  }

  private func look(_ due: Duration) async {
    do {
      let depth = try await queueDepth()
      if hasFailed { log("the queue's depth is known again", "fleet") }
      hasFailed = false
      self.depth = depth
      recentDepths = recentDepths.suffix(Fleet.recentCountMax - 1) + [depth]
      // What is seen at a period's end is of that period.
      autoscaler?.record(depth, at: told(due - .nanoseconds(1)))
      follow(depth)
    } catch {
      // The fleet stays as it is. Said once, not at every look.
      if !hasFailed, !Task.isCancelled { log("the queue's depth is not known: \(error)", "fleet") }
      hasFailed = true
      depth = nil
    }
  }

  private func follow(_ depth: QueueDepth) {
    guard !Task.isCancelled, let wanted = autoscaler?.desiredCapacity(at: told(now)) else { return }
    let before = plan.wantedCount
    let actions = plan.scale(to: wanted, isQueueEmpty: depth.visible + depth.inFlight == 0)
    if plan.wantedCount != before {
      let (visible, inFlight) = (recentDepths.map(\.visible).max() ?? 0, recentDepths.map(\.inFlight).max() ?? 0)
      log("\(before) → \(plan.wantedCount) workers: up to \(visible) visible, \(inFlight) in flight", "fleet")
    }
    perform(actions)
  }

  // MARK: Workers

  private func perform(_ actions: [FleetPlan.Action]) {
    for action in actions {
      switch action {
      case .start(let id, let slot): start(id, in: slot)
      case .drain(let id): drain(id)
      }
    }
  }

  private func start(_ id: FleetPlan.ID, in slot: Int) {
    let specification = configuration.worker(slot)
    let process = SupervisedProcess(specification) { [log] in log($0, specification.name) }
    process.onOutput = { [self] line in take(line, from: id, readyPrefix: specification.readyPrefix) }
    process.onDeath = { [self] in
      plan.died(id)
      tellAutoscaler()
    }
    processes[id] = process
    process.start()
  }

  private func drain(_ id: FleetPlan.ID) {
    guard let process = processes[id] else { return }
    let limits = configuration.limits
    EventLoop.shared.spawn { [self] in
      await process.stop(within: limits.drainDuration + limits.drainGraceDuration)
      processes[id] = nil
      let actions = plan.ended(id)
      tellAutoscaler()
      perform(actions)
    }
  }

  /// - Returns: Whether people want to read the line.
  private func take(_ line: String, from id: FleetPlan.ID, readyPrefix: String) -> Bool {
    if line.hasPrefix(configuration.loadPrefix) {
      if let count = Int(line.dropFirst(configuration.loadPrefix.count)), count >= 0 { plan.holds(id, count) }
      return false
    }
    if line.hasPrefix(readyPrefix) {
      plan.ready(id)
      tellAutoscaler()
    }
    return true
  }

  private func tellAutoscaler() {
    while knownCount < plan.inServiceCount {
      knownCount += 1
      autoscaler?.instanceReady(at: told(now))
    }
    while knownCount > plan.inServiceCount {
      knownCount -= 1
      autoscaler?.instanceEnded(at: told(now))
    }
  }
}
