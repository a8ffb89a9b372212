import AWS
import EventLoop
import FoundationEssentials
import HTTP
import Jobs
import Logging

/// What the tier is doing: counters as rates, a history of some minutes, and what is known of queue and workers.
///
/// It looks at this process's own counters once a tick, always, so that the last minutes are there for whoever comes to
/// see what has happened. Calls to SQS, and questions to whoever supervises the workers, are made only while somebody
/// watches: an event stream is open, or the operators' page has asked for its data within the last seconds.
@LoopActor
final class Activity {
  let metrics: WebMetrics
  let limits: ActivityLimits
  let requestQueue: QueueWatch
  let deadLetterQueue: QueueWatch
  private(set) var history: Ring<HistorySample>
  /// As of the last answer to the question.
  private(set) var fleet: FleetSnapshot?
  /// Called at each tick, after everything has been looked at.
  var onTick: @LoopActor () -> Void = {}
  /// How many streams are open.
  var streamCount: @LoopActor () -> Int = { 0 }
  /// The other processes on the port, once they can be asked. They ask this, too: neither keeps the other.
  weak var peers: Peers?

  private let fleetSource: FleetSource?
  private var fleetTask: Task<Void, Never>?
  /// What the others have told last, of those that have.
  private var peerStates: [ActivityState] = []
  private var peersTask: Task<Void, Never>?
  private var outcomes: Ring<Outcomes>
  private var lastSample: HistoryBaseline
  private var tickCount = 0
  private var adminAskedAt: ContinuousClock.Instant?
  private var timer: LoopTimer?

  /// Images by what came of them, as of a moment.
  private struct Outcomes {
    let at: ContinuousClock.Instant
    let answered: Int
    let failed: Int
    let refused: Int
  }

  init(
    metrics: WebMetrics, sqs: SQSClient, requestQueueURL: String, names: QueueNames, fleet: FleetSource?,
    limits: ActivityLimits
  ) {
    self.metrics = metrics
    self.limits = limits
    fleetSource = fleet
    requestQueue = QueueWatch(sqs: sqs, pause: limits.queuePause) { requestQueueURL }
    var deadURL: String?
    deadLetterQueue = QueueWatch(sqs: sqs, pause: limits.deadLetterPause) { () async throws(AWSError) in
      if let deadURL { return deadURL }
      let url = try await sqs.queueURL(of: names.dead)
      deadURL = url
      return url
    }
    history = Ring(countMax: limits.historySampleCount)
    outcomes = Ring(countMax: limits.rateTickCount + 1)
    lastSample = HistoryBaseline(metrics)
    outcomes.append(currentOutcomes(at: .now))
  }

  func start() {
    let timer = LoopTimer { [unowned self] in tick() }
    timer.start(after: limits.tick, repeating: limits.tick)
    self.timer = timer
  }

  /// Ends what is under way.
  func close() async {
    timer?.close()
    timer = nil
    fleetTask?.cancel()
    peersTask?.cancel()
    await requestQueue.close()
    await deadLetterQueue.close()
    await fleetTask?.value
    await peersTask?.value
  }

  // MARK: Watching

  /// The operators' page asks.
  func noteAdmin() {
    adminAskedAt = .now
    look(at: .now)
  }

  /// Somebody begins to watch.
  func noteWatcher() { look(at: .now) }

  private func look(at now: ContinuousClock.Instant) {
    if streamCount() > 0 { askPeers() } else { peerStates = [] }
    let isAdminOpen = adminAskedAt.map { now - $0 < limits.adminInterest } ?? false
    guard isAdminOpen || streamCount() > 0 else {
      requestQueue.forget()
      deadLetterQueue.forget()
      fleet = nil
      return
    }
    requestQueue.look(at: now)
    if isAdminOpen { deadLetterQueue.look(at: now) } else { deadLetterQueue.forget() }
    askFleet()
  }

  private func askFleet() {
    guard let fleetSource, fleetTask == nil else { return }
    fleetTask = EventLoop.shared.spawn { [self] in
      fleet = await fleetSource()
      fleetTask = nil
    }
  }

  private func askPeers() {
    guard let peers, peersTask == nil else { return }
    peersTask = EventLoop.shared.spawn { [self] in
      peerStates = await peers.askAll(for: .activity).compactMap { json in
        json.flatMap { AdminJSON.decode(ActivityState.self, from: $0) }
      }
      peersTask = nil
    }
  }

  private func tick() {
    let now = ContinuousClock.now
    outcomes.append(currentOutcomes(at: now))
    tickCount += 1
    if tickCount % limits.historyTickCount == 0 {
      let baseline = HistoryBaseline(metrics)
      history.append(HistorySample(from: lastSample, to: baseline, metrics, queue: requestQueue.depth))
      lastSample = baseline
    }
    look(at: now)
    onTick()
  }

  private func currentOutcomes(at now: ContinuousClock.Instant) -> Outcomes {
    Outcomes(
      at: now, answered: metrics.imageCount(.answered), failed: metrics.imageCount(.failed),
      refused: metrics.imageCount(.refused))
  }

  // MARK: What there is to tell

  /// Images a second of this process, over the last ticks.
  var rates: ActivityState.Rates? {
    guard let first = outcomes.first, let last = outcomes.last else { return nil }
    let seconds = (last.at - first.at).inSeconds
    guard seconds > 0 else { return nil }
    func rate(_ count: (Outcomes) -> Int) -> Double { Double(count(last) - count(first)) / seconds }
    return .init(answered: rate(\.answered), failed: rate(\.failed), refused: rate(\.refused))
  }

  var workers: ActivityState.Workers {
    .init(ready: fleet?.ready, busy: fleet?.busy, seen: metrics.workers.seenCount(at: .now))
  }

  /// As event streams tell it: of all processes on the port.
  var state: ActivityState { ownState.adding(peerStates) }

  var ownState: ActivityState {
    ActivityState(
      at: Date(), queue: requestQueue.depth, workers: workers, rates: rates, pending: metrics.answers.count,
      uploads: metrics.storage.takenPlaceCount)
  }
}

/// Asks whoever supervises this machine's workers; `nil` when nobody answers.
package typealias FleetSource = @Sendable @LoopActor () async -> FleetSnapshot?
