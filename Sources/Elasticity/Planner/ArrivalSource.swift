import EventLoop
import Glibc

/// The arrivals one after the other, as times that do not fall: made a block at a time, so that an arrival costs a load and
/// not a choice among kinds.
struct ArrivalSource: Sendable {
  private static let blockSize = 4_096
  /// A daily curve's rate is taken as even for so long: 86 400 steps a day.
  private static let curveStep: Nanoseconds = 1_000_000_000

  private let arrivals: Arrivals
  /// No arrival is at this time or later.
  private let end: Nanoseconds
  private let start: Nanoseconds
  /// A curve's length.
  private let day: Double
  private var generator: SplitMix64
  private var block: [Nanoseconds] = []
  private var position = 0
  /// How many were made, for kinds whose times follow from it.
  private var count = 0
  /// Where kinds have got that go from one arrival to the next.
  private var clock = 0.0
  private var traceIndex = 0
  private var traceCount: Int32 = 0
  private var isExhausted = false

  /// - Parameter burstStart: When a burst begins.
  init(_ arrivals: Arrivals, seed: UInt64, duration: Nanoseconds, burstStart: Nanoseconds) {
    self.arrivals = arrivals
    generator = SplitMix64(seed: seed)
    switch arrivals {
    // The last line is an arrival, too, and a burst is whole even if it lasts longer.
    case .trace(let trace) where duration >= trace.duration.inNanoseconds: end = .max
    case .burst: end = .max
    default: end = duration
    }
    start = burstStart
    day = Double(min(duration, Arrivals.dayLength.inNanoseconds))
    block.reserveCapacity(ArrivalSource.blockSize)
    refill()
  }

  /// `Int64.max` when there is none.
  @inline(__always) var next: Nanoseconds { position < block.count ? block[position] : .max }

  @inline(__always) mutating func advance() {
    position += 1
    if position == block.count { refill() }
  }

  private mutating func refill() {
    block.removeAll(keepingCapacity: true)
    position = 0
    if isExhausted { return }
    switch arrivals {
    case .constant(let rate): fillEvenly(from: 0, interval: 1e9 / rate, count: .max)
    case .burst(let count, let duration):
      fillEvenly(from: Double(start), interval: Double(duration.inNanoseconds) / Double(count), count: count)
    case .poisson(let rate): fillPoisson(interval: 1e9 / rate)
    case .daily(let mean, let peakFactor): fillDaily(mean: mean, amplitude: peakFactor - 1)
    case .trace(let trace): fill(from: trace)
    }
  }

  private mutating func append(_ time: Nanoseconds) {
    if time < end { block.append(time) } else { isExhausted = true }
  }

  private mutating func fillEvenly(from origin: Double, interval: Double, count limit: Int) {
    while block.count < ArrivalSource.blockSize, !isExhausted {
      if count == limit {
        isExhausted = true
        return
      }
      append(Nanoseconds(origin + Double(count) * interval))
      count += 1
    }
  }

  private mutating func fillPoisson(interval: Double) {
    while block.count < ArrivalSource.blockSize, !isExhausted {
      clock += generator.exponential() * interval
      append(Nanoseconds(clock))
    }
  }

  /// What is left of an exponential gap at the end of a step goes on at the next step's rate: that is the exact process of a
  /// rate in steps.
  private mutating func fillDaily(mean: Double, amplitude: Double) {
    let step = Double(ArrivalSource.curveStep)
    func rate(at time: Double) -> Double {
      let middle = ((time / step).rounded(.down) + 0.5) * step
      return mean / 1e9 * (1 - amplitude * cos(2 * .pi * middle / day))
    }
    var current = rate(at: clock)
    var stepEnd = ((clock / step).rounded(.down) + 1) * step
    while block.count < ArrivalSource.blockSize, !isExhausted {
      var gap = generator.exponential()
      while gap > (stepEnd - clock) * current {
        gap -= (stepEnd - clock) * current
        clock = stepEnd
        if clock >= Double(end) {
          isExhausted = true
          return
        }
        stepEnd += step
        current = rate(at: clock)
      }
      clock += gap / current
      append(Nanoseconds(clock))
    }
  }

  private mutating func fill(from trace: ArrivalTrace) {
    while block.count < ArrivalSource.blockSize, !isExhausted {
      if traceIndex == trace.times.count {
        isExhausted = true
      } else if traceCount == trace.counts[traceIndex] {
        traceIndex += 1
        traceCount = 0
      } else {
        traceCount += 1
        append(trace.times[traceIndex])
      }
    }
  }
}
