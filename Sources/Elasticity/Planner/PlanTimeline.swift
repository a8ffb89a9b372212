/// Queue and fleet over time, in a bounded number of moments: the longer the plan, the more of its time each stands for.
package struct PlanTimeline: Sendable, Equatable {
  /// What there was at most since the moment before.
  package struct Moment: Sendable, Equatable {
    package var seconds: Double
    package var depth: QueueDepth
    /// Workers that take jobs.
    package var ready: Int
    /// Workers that are paid for: those that boot, too.
    package var running: Int

    fileprivate func merged(with later: Moment) -> Moment {
      Moment(
        seconds: later.seconds,
        depth: QueueDepth(
          visible: max(depth.visible, later.depth.visible), inFlight: max(depth.inFlight, later.depth.inFlight)),
        ready: max(ready, later.ready), running: max(running, later.running))
    }
  }

  static let momentCountMax = 2_000

  package private(set) var moments: [Moment] = []
  /// How many of those that were added a moment stands for, and how many the last one does.
  private var stride = 1
  private var lastCount = 0

  mutating func add(_ moment: Moment) {
    if lastCount > 0, lastCount < stride {
      moments[moments.count - 1] = moments[moments.count - 1].merged(with: moment)
      lastCount += 1
      return
    }
    if moments.count == PlanTimeline.momentCountMax {
      moments = Swift.stride(from: 0, to: moments.count, by: 2).map { moments[$0].merged(with: moments[$0 + 1]) }
      stride *= 2
    }
    moments.append(moment)
    lastCount = 1
  }
}
