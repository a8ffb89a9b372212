/// When images come.
package enum Arrivals: Sendable, Equatable {
  /// Evenly, so many a second.
  case constant(rate: Double)
  /// Independently of each other, so many a second on average.
  case poisson(rate: Double)
  /// So many, evenly over a time, half an alarm period after the start; a metric's sample is as far away on average.
  case burst(count: Int, over: Duration)
  /// As Poisson, at a rate that follows a sine over the day: least at its start, most in its middle. A shorter plan has a
  /// day of its length.
  /// - peakFactor: The highest rate by the mean, 1 to 2.
  case daily(mean: Double, peakFactor: Double)
  /// From a file.
  case trace(ArrivalTrace)

  /// A second.
  package static let rateMax = 1_000_000.0
  package static let burstCountMax = 1_000_000_000
  static let dayLength = Duration.seconds(86_400)

  /// As on a command line: `constant:200`, `poisson:200`, `burst:20000`, `burst:20000/10` (over ten seconds),
  /// `daily:100` and `daily:100/1.9` (the peak by the mean). Traces have a file and are not read here.
  /// - Throws: ``PlanError`` in words.
  package init(_ text: String) throws(PlanError) {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    let numbers = parts.count == 2 ? parts[1].split(separator: "/", omittingEmptySubsequences: false) : []
    // What is no number is out of every range.
    func number(_ index: Int, default value: Double) -> Double {
      index < numbers.count ? Double(numbers[index]) ?? .nan : value
    }
    switch (parts.first, numbers.count) {
    case ("constant", 1):
      self = .constant(rate: try Arrivals.rate(number(0, default: 0), text))
    case ("poisson", 1):
      self = .poisson(rate: try Arrivals.rate(number(0, default: 0), text))
    case ("burst", 1), ("burst", 2):
      guard let count = Int(numbers[0]), (1...Arrivals.burstCountMax).contains(count) else {
        throw PlanError("'\(text)': a burst has 1 to 1 000 000 000 images.")
      }
      let seconds = number(1, default: 0)
      guard (0...86_400).contains(seconds) else { throw PlanError("'\(text)': a burst lasts 0 to 86 400 seconds.") }
      self = .burst(count: count, over: .seconds(seconds))
    case ("daily", 1), ("daily", 2):
      let factor = number(1, default: 1.9)
      guard (1...2).contains(factor) else { throw PlanError("'\(text)': the peak is 1 to 2 times the mean rate.") }
      self = .daily(mean: try Arrivals.rate(number(0, default: 0), text), peakFactor: factor)
    default:
      throw PlanError("'\(text)' is none of constant:RATE, poisson:RATE, burst:COUNT[/SECONDS], daily:RATE[/PEAK].")
    }
  }

  private static func rate(_ number: Double, _ text: String) throws(PlanError) -> Double {
    guard number > 0, number <= rateMax else {
      throw PlanError("'\(text)': a rate is above 0 and at most 1 000 000 images a second.")
    }
    return number
  }

  /// How long arrivals are looked at when nobody says so; a trace ends by itself.
  package var defaultDuration: Duration {
    switch self {
    case .burst: .seconds(900)
    case .constant, .poisson, .daily: Arrivals.dayLength
    case .trace(let trace): trace.duration
    }
  }

  package var name: String {
    switch self {
    case .constant(let rate): "constant, \(short(rate)) images/s"
    case .poisson(let rate): "Poisson, \(short(rate)) images/s"
    case .burst(let count, .zero): "burst of \(count)"
    case .burst(let count, let duration): "burst of \(count) in \(short(duration.inSeconds)) s"
    case .daily(let mean, let factor): "daily curve, \(short(mean)) images/s, peak \(short(mean * factor))"
    case .trace(let trace): "trace \(trace.name)"
    }
  }

  private func short(_ number: Double) -> String {
    number == number.rounded() ? String(Int(number)) : String((number * 100).rounded() / 100)
  }
}
