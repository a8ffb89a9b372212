import ArgumentParser
import Load

/// When requests are sent.
struct LoadPacingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Connections at once, with --rate at most, 1 to \(LoadLimits.connectionCountMax). (default: 10, with --rate 1000)",
      valueName: "n"))
  var connections: Int?

  @Option(
    help: ArgumentHelp(
      "Requests a second that are due, independent of answers, 0.001 to \(Int(LoadLimits.rateMax)).", valueName: "rate")
  )
  var rate: Double?

  @Option(help: ArgumentHelp("With --rate: constant, or poisson (as those of many people).", valueName: "spacing"))
  var arrivals = ArrivalClock.Spacing.constant

  @Option(help: ArgumentHelp("With --arrivals poisson: the same seed, the same times.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("Bytes a second at which each request is sent, from 10: slow clients.", valueName: "rate"))
  var slow: Int?

  func check() throws {
    guard rate != nil || arrivals == .constant else { throw ValidationError("--arrivals is for --rate.") }
    guard (1...LoadLimits.connectionCountMax).contains(connections ?? 1) else {
      throw ValidationError("--connections is 1 to \(LoadLimits.connectionCountMax).")
    }
    guard (0.001...LoadLimits.rateMax).contains(rate ?? 1) else {
      throw ValidationError("--rate is 0.001 to \(Int(LoadLimits.rateMax)) a second.")
    }
    guard (10...1_000_000_000).contains(slow ?? 10) else {
      throw ValidationError("--slow is 10 to 1000000000 bytes a second.")
    }
  }

  func apply(to plan: inout LoadPlan) {
    plan.connectionCount = connections ?? (rate == nil ? 10 : 1000)
    if let rate { plan.pacing = .open(arrivals, ratePerSecond: rate) }
    plan.seed = seed
    plan.bytesPerSecond = slow
  }
}

extension ArrivalClock.Spacing: ExpressibleByArgument {}
