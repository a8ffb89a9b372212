import Histogram

/// Plays a policy against a scenario: a discrete-event simulation of the queue, the workers, CloudWatch and EC2 Auto Scaling.
///
/// Arrivals and service times are the same for each policy with the same seed. Time stops when something may change: at
/// samples of the metrics, when alarms are evaluated, when workers are ready, and several times a period so that workers
/// end soon when they may.
package struct FleetSimulation {
  private struct Worker {
    let id: Int32
    let orderedAt: Nanoseconds
    var readyAt: Nanoseconds
    var isReady = false
  }

  private struct Sample {
    let at: Nanoseconds
    let depth: QueueDepth
  }

  /// After the last arrival a fleet has so long to shrink; a policy may never let it.
  private static let shrinkingMax: Duration = .seconds(86_400)
  /// And so long to answer what waits.
  private static let catchingUpMax: Duration = .seconds(30 * 86_400)
  private static let stopsPerPeriod: Int64 = 6
  /// Some minutes of computing, whatever comes in them; 30 years of CloudWatch's minutes.
  private static let tickCountMax: Int64 = 100_000_000

  private let scenario: PlanScenario
  private let policy: ElasticityPolicy
  private let bootTime: Nanoseconds
  private let metricDelay: Nanoseconds
  private let period: Nanoseconds
  private let ticksPerPeriod: Int64
  private let ticksPerSample: Int64

  private var station: WorkStation
  private var autoscaler: Autoscaler
  private var now: Nanoseconds = 0
  private var tickCount: Int64 = 0
  private var workers: [Worker] = []
  private var nextWorker: Int32 = 0
  /// Taken, and not yet known to CloudWatch.
  private var samples: [Sample] = []
  private var arrivedBefore = 0
  private var startedBefore = 0
  private var slotTime = 0.0
  private var timeline = PlanTimeline()
  private var result: PlanResult

  /// - Throws: ``PlanError`` for a scenario or a policy that is out of range.
  package init(_ scenario: PlanScenario, policy: ElasticityPolicy) throws(PlanError) {
    try scenario.validate()
    do throws(PolicyError) { try policy.validate() } catch { throw PlanError(error.description) }
    self.scenario = scenario
    self.policy = policy
    bootTime = scenario.bootTime.inNanoseconds
    metricDelay = scenario.metricDelay.inNanoseconds
    period = policy.rules.map(\.alarm.period).min()?.inNanoseconds ?? 60_000_000_000
    let samples = Int64(scenario.samplesPerPeriod)
    ticksPerSample = (FleetSimulation.stopsPerPeriod + samples - 1) / samples
    ticksPerPeriod = ticksPerSample * samples
    guard scenario.duration.inNanoseconds / period <= FleetSimulation.tickCountMax / ticksPerPeriod else {
      throw PlanError("The duration has too many of the policy's periods, or they too many samples.")
    }
    let source = ArrivalSource(
      scenario.arrivals, seed: scenario.seed, duration: scenario.duration.inNanoseconds, burstStart: period / 2)
    station = WorkStation(scenario, source: source)
    autoscaler = Autoscaler(policy, capacity: policy.minimum, at: .zero)
    result = PlanResult(latencies: station.latencies)
    for _ in 0..<policy.minimum { order() }
    for index in workers.indices { makeReady(index) }
  }

  /// Plays it to its end.
  /// - Throws: ``PlanError`` when the fleet does not keep up.
  package mutating func run() throws(PlanError) -> PlanResult {
    let end = scenario.duration.inNanoseconds
    let shrunkBy = end + FleetSimulation.shrinkingMax.inNanoseconds
    let answeredBy = end + FleetSimulation.catchingUpMax.inNanoseconds
    while true {
      let tick = nextTick
      let stop = min(tick, nextBoot, nextKnowledge)
      try station.run(until: stop)
      slotTime += Double(stop - now) * Double(station.slots.count)
      now = stop
      for index in workers.indices where !workers[index].isReady && workers[index].readyAt <= now {
        makeReady(index)
        autoscaler.instanceReady(at: metricTime)
      }
      if now == tick { takeSample() }
      adjust()
      if now == tick { record() }
      if now >= end, station.isDone, workers.count == policy.minimum || now >= shrunkBy { break }
      if now >= answeredBy { throw PlanError("30 days after the last arrival images still wait.") }
    }
    return finished()
  }

  /// What CloudWatch knows is so much behind; its alarms and the warm-up of instances are played at that time.
  private var metricTime: Duration { .nanoseconds(now - metricDelay) }

  /// Exact in the long run, whatever the period is.
  private var nextTick: Nanoseconds {
    let (periods, ticks) = (tickCount + 1).quotientAndRemainder(dividingBy: ticksPerPeriod)
    return periods * period + ticks * period / ticksPerPeriod
  }

  private var nextBoot: Nanoseconds { workers.lazy.filter { !$0.isReady }.map(\.readyAt).min() ?? .max }

  /// When CloudWatch gets the next sample, and at a period's end evaluates alarms with it.
  private var nextKnowledge: Nanoseconds { samples.first.map { $0.at + metricDelay } ?? .max }

  private mutating func takeSample() {
    tickCount += 1
    if tickCount % ticksPerSample == 0 { samples.append(Sample(at: now, depth: depth)) }
  }

  private var depth: QueueDepth { station.depth(prefetch: scenario.prefetch * workers.count { $0.isReady }) }

  private mutating func adjust() {
    while let sample = samples.first, sample.at + metricDelay <= now {
      // It belongs to the period that ends with it.
      autoscaler.record(sample.depth, at: .nanoseconds(sample.at - 1))
      samples.removeFirst()
    }
    let desired = autoscaler.desiredCapacity(at: metricTime)
    while workers.count < desired { order() }
    while workers.count > desired, let index = removableWorker() { end(index) }
  }

  // MARK: Workers

  private mutating func order() {
    workers.append(Worker(id: nextWorker, orderedAt: now, readyAt: now + bootTime))
    nextWorker += 1
    result.startedWorkerCount += 1
    result.mostWorkers = max(result.mostWorkers, workers.count)
  }

  private mutating func makeReady(_ index: Int) {
    workers[index].isReady = true
    workers[index].readyAt = now
    station.addWorker(workers[index].id, slotCount: scenario.concurrency, at: now)
  }

  /// The one that has been idle longest, if it has been so for long enough.
  private func removableWorker() -> Int? {
    let idleSince = station.slots.idleSince()
    guard let (worker, since) = idleSince.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else { return nil }
    if let protection = scenario.protection?.inNanoseconds, since + protection > now { return nil }
    return workers.firstIndex { $0.id == worker }
  }

  private mutating func end(_ index: Int) {
    let worker = workers.remove(at: index)
    let drainedAt = max(now, station.slots.idleSince()[worker.id] ?? now)
    station.removeWorker(worker.id)
    autoscaler.instanceEnded(at: metricTime)
    bill(worker, until: drainedAt)
  }

  private mutating func bill(_ worker: Worker, until end: Nanoseconds) {
    let seconds = Double(end - worker.orderedAt) / 1e9
    result.workerSeconds += seconds
    result.billedSeconds += max(60, seconds)
  }

  // MARK: Figures

  private mutating func record() {
    let ready = workers.count { $0.isReady }
    result.requests.add(
      arrived: station.arrivedCount - arrivedBefore, started: station.startedCount - startedBefore, workers: ready,
      isBacklogged: station.hasWaiting, seconds: Double(period) / Double(ticksPerPeriod) / 1e9)
    arrivedBefore = station.arrivedCount
    startedBefore = station.startedCount
    timeline.add(
      PlanTimeline.Moment(seconds: Double(now) / 1e9, depth: depth, ready: ready, running: workers.count))
  }

  private mutating func finished() -> PlanResult {
    for worker in workers { bill(worker, until: now) }
    result.timeline = timeline
    result.imageCount = station.startedCount
    result.latencies = station.latencies
    result.meanWait = .nanoseconds(Int64(station.waitedSum / Double(max(1, station.startedCount))))
    result.makespan = .nanoseconds(max(0, station.lastDoneAt - (station.firstArrivedAt ?? 0)))
    result.simulated = .nanoseconds(now)
    result.utilisation = slotTime > 0 ? station.busySum / slotTime : 0
    return result
  }
}
