import DequeModule
import EventLoop
import Histogram

/// The queue and the workers' slots: first come, first served, by whichever slot is free first.
///
/// Between two changes of the fleet nothing needs a list of events: an image starts when it is at the queue's head and a slot
/// is free, and both are known when its turn comes (Kiefer and Wolfowitz 1955). Only images that still wait when time stops
/// are kept.
struct WorkStation {
  /// Microseconds of a latency that is told apart, up to 11 days.
  private static let latencyMax: UInt64 = 1_000_000_000_000

  private let waitingCountMax: Int
  private let serviceTime: Nanoseconds
  private let isExponential: Bool
  /// What an image takes beside its time in a slot; it is still in flight then.
  private let overhead: Nanoseconds
  private var generator: SplitMix64
  private var source: ArrivalSource
  private var waiting: Deque<Nanoseconds> = []
  private(set) var slots = SlotHeap()
  /// When those are done that were in flight when time last stopped.
  private var flights: [Nanoseconds] = []

  private(set) var latencies = Histogram<UInt64>(
    highestTrackableValue: latencyMax, numberOfSignificantValueDigits: .three)
  private(set) var arrivedCount = 0
  private(set) var startedCount = 0
  /// Nanoseconds; as a sum of many of them a Double keeps more than is needed.
  private(set) var waitedSum = 0.0
  private(set) var busySum = 0.0
  let firstArrivedAt: Nanoseconds?
  private(set) var lastDoneAt: Nanoseconds = 0

  init(_ scenario: PlanScenario, source: ArrivalSource) {
    self.source = source
    waitingCountMax = scenario.waitingCountMax
    serviceTime = scenario.serviceTime.inNanoseconds
    isExponential = scenario.serviceDistribution == .exponential
    overhead = scenario.overhead.inNanoseconds
    // Not the arrivals' seed: the same numbers would make long services of long gaps.
    generator = SplitMix64(seed: scenario.seed &+ 1 << 32)
    firstArrivedAt = source.next == .max ? nil : source.next
  }

  var hasWaiting: Bool { !waiting.isEmpty }

  /// - Parameter prefetch: So many of those that wait are at workers already. Whose turn is next is not changed by it.
  func depth(prefetch: Int) -> QueueDepth {
    let held = min(waiting.count, prefetch)
    return QueueDepth(visible: waiting.count - held, inFlight: flights.count + held)
  }
  var isDone: Bool { source.next == .max && waiting.isEmpty && flights.isEmpty }

  /// Lets time pass until `end`, during which no worker comes or goes.
  /// - Throws: When more images wait than are planned for.
  mutating func run(until end: Nanoseconds) throws(PlanError) {
    flights.removeAll { $0 <= end }
    while let arrivedAt = waiting.first, slots.firstFreeAt < end {
      waiting.removeFirst()
      start(arrivedAt: arrivedAt, until: end)
    }
    if waiting.isEmpty {
      while source.next < end, slots.firstFreeAt < end {
        let arrivedAt = source.next
        source.advance()
        arrivedCount += 1
        start(arrivedAt: arrivedAt, until: end)
      }
    }
    while source.next < end {
      waiting.append(source.next)
      source.advance()
      arrivedCount += 1
      if waiting.count > waitingCountMax {
        throw PlanError("More than \(waitingCountMax) images wait: the fleet does not keep up.")
      }
    }
    if flights.count > waitingCountMax { throw PlanError("More than \(waitingCountMax) images are in flight.") }
  }

  @inline(__always) private mutating func start(arrivedAt: Nanoseconds, until end: Nanoseconds) {
    let startedAt = max(arrivedAt, slots.firstFreeAt)
    let service =
      isExponential ? Nanoseconds(generator.exponential() * Double(serviceTime)) : serviceTime
    let freeAt = startedAt + service
    slots.occupyFirst(until: freeAt)
    startedCount += 1
    waitedSum += Double(startedAt - arrivedAt)
    busySum += Double(service)
    let doneAt = freeAt + overhead
    if doneAt > end { flights.append(doneAt) }
    lastDoneAt = max(lastDoneAt, doneAt)
    latencies.record(UInt64(min((doneAt - arrivedAt) / 1_000, Nanoseconds(WorkStation.latencyMax))))
  }

  mutating func addWorker(_ worker: Int32, slotCount: Int, at now: Nanoseconds) {
    slots.add(worker: worker, count: slotCount, freeAt: now)
  }

  mutating func removeWorker(_ worker: Int32) { slots.remove(worker: worker) }
}
