/// What a policy is tried on: images, workers and the machinery between them.
package struct PlanScenario: Sendable, Equatable {
  package enum ServiceDistribution: String, Sendable, CaseIterable {
    /// Each image takes the service time: photos of one kind.
    case constant
    /// Exponential with that mean: what queueing theory has formulas for, and more variable than photos are.
    case exponential
  }

  package var arrivals: Arrivals
  /// How long images come. The plan ends later, when all are answered and the fleet is at its minimum.
  package var duration: Duration
  /// One image in one slot. The default is a photo of 110 kB on a worker that takes 200 a second on two cores, which is
  /// below what bench/README.md has.
  package var serviceTime: Duration = .milliseconds(10)
  package var serviceDistribution = ServiceDistribution.constant
  /// Images that a worker classifies at once: its cores.
  package var concurrency = 2
  /// Jobs that a worker holds beside those, which are in flight and no longer visible: two a core and two.
  package var prefetch = 6
  /// Upload, queue, storage and answer: what an image takes beside its time in a slot.
  package var overhead: Duration = .milliseconds(60)
  /// From the decision to a worker that takes jobs; an instance that boots and starts a service.
  package var bootTime: Duration = .seconds(90)
  /// From a sample of the queue's depth until an alarm is evaluated with it. SQS gives CloudWatch a datapoint a minute, and
  /// about a minute late.
  package var metricDelay: Duration = .seconds(60)
  /// Of the shortest alarm period of a policy. CloudWatch gets one in a minute.
  package var samplesPerPeriod = 1
  /// A worker that has had no image for so long may be ended when the fleet is to shrink; before, it is protected. `nil`: any
  /// worker is chosen, finishes what it has begun and ends.
  package var protection: Duration? = .seconds(30)
  /// More end the plan: a fleet that is so far behind is no plan. 400 MB of arrival times.
  package var waitingCountMax = 50_000_000
  package var seed: UInt64 = 1

  package init(_ arrivals: Arrivals) {
    self.arrivals = arrivals
    duration = arrivals.defaultDuration
  }

  package static let concurrencyMax = 1_024

  /// - Throws: ``PlanError`` for what is out of range, and for more images than can be counted on.
  package func validate() throws(PlanError) {
    func check(_ condition: Bool, _ sentence: String) throws(PlanError) {
      if !condition { throw PlanError(sentence) }
    }
    let hour = Duration.seconds(3_600)
    // A trace may have one moment only.
    try check(duration > .zero || arrivals.isTrace, "The duration is above 0.")
    try check(duration <= .seconds(366 * 86_400), "The duration is at most a year.")
    try check(serviceTime >= .microseconds(1) && serviceTime <= hour, "The service time is 1 µs to an hour.")
    try check((1...Self.concurrencyMax).contains(concurrency), "A worker has 1 to 1024 images at once.")
    try check((0...1_000_000).contains(prefetch), "A worker holds 0 to a million jobs beside those.")
    try check(overhead >= .zero && overhead <= hour, "The overhead is 0 to an hour.")
    try check(bootTime >= .zero && bootTime <= hour, "The boot time is 0 to an hour.")
    try check(metricDelay >= .zero && metricDelay <= hour, "The delay of the metrics is 0 to an hour.")
    try check((1...1_000).contains(samplesPerPeriod), "A period has 1 to 1000 samples.")
    try check(protection.map { $0 >= .zero && $0 <= hour } ?? true, "The protection is 0 to an hour.")
    try check(arrivals.expectedCount(in: duration) <= 1e11, "More than 10^11 images are too many for a plan.")
  }
}

extension Arrivals {
  fileprivate var isTrace: Bool { if case .trace = self { true } else { false } }

  func expectedCount(in duration: Duration) -> Double {
    switch self {
    case .constant(let rate), .poisson(let rate), .daily(let rate, _): rate * duration.inSeconds
    case .burst(let count, _): Double(count)
    case .trace(let trace): Double(trace.imageCount)
    }
  }
}
