import ArgumentParser
import Elasticity

/// What policies are tried on, beside the arrivals.
struct PlanMachineryOptions: ParsableArguments {
  @Option(help: "Seconds for which images come. (default: a day, 15 minutes for a burst, a trace's own)")
  var duration: Double?

  @Option(help: "Milliseconds that a worker takes for an image, in one of those it has at once.")
  var serviceTime = 10.0

  @Option(help: "How service times vary: constant or exponential.")
  var serviceDistribution = PlanScenario.ServiceDistribution.constant

  @Option(help: "Images that a worker has at once: its cores.")
  var concurrency = 2

  @Option(help: "Jobs that a worker holds beside those. (default: two a core and two)")
  var prefetch: Int?

  @Option(help: "Milliseconds that an image takes beside that: upload, queue, storage, answer.")
  var overhead = 60.0

  @Option(help: "Seconds until a worker that was started takes jobs.")
  var bootTime = 90.0

  @Option(help: "Seconds from a sample of the queue's depth until an alarm is evaluated with it.")
  var metricDelay = 60.0

  @Option(help: "Samples of the queue's depth in an alarm's period.")
  var samplesPerPeriod = 1

  @Option(
    help: "Seconds without an image after which a worker may be ended; off: any worker, after what it has begun.")
  var protection = Protection(duration: .seconds(30))

  @Option(
    help: "Plays policies with alarm periods of so many seconds, and backlogs that are as many periods' work.")
  var period: Double?

  @Option(help: "With --period: seconds for which a worker that is ready is not yet counted. (default: two periods)")
  var warmUp: Double?

  @Option(help: "Fewest workers. (default: the policy's)")
  var min: Int?

  @Option(help: "Most workers. (default: the policy's)")
  var max: Int?

  func check() throws {
    for (name, value) in [
      ("--duration", duration ?? 0), ("--service-time", serviceTime), ("--overhead", overhead),
      ("--boot-time", bootTime), ("--metric-delay", metricDelay), ("--period", period ?? 0), ("--warm-up", warmUp ?? 0),
    ] {
      guard value >= 0, value <= 1e9 else { throw ValidationError("\(name) is a number from 0 on.") }
    }
    guard (0...1_000_000).contains(prefetch ?? 0) else { throw ValidationError("--prefetch is 0 to 1000000.") }
    guard (1...PlanScenario.concurrencyMax).contains(concurrency) else {
      throw ValidationError("--concurrency is 1 to \(PlanScenario.concurrencyMax).")
    }
    guard (0.01...86_400).contains(period ?? 60) else { throw ValidationError("--period is 0.01 to 86400.") }
    guard (1...10_000).contains(min ?? 1) else { throw ValidationError("--min is 1 to 10000.") }
    guard (1...10_000).contains(max ?? 1) else { throw ValidationError("--max is 1 to 10000.") }
    if let min, let max { guard min <= max else { throw ValidationError("--min is at most --max.") } }
  }

  func scenario(_ arrivals: Arrivals) -> PlanScenario {
    var scenario = PlanScenario(arrivals)
    if let duration { scenario.duration = .seconds(duration) }
    scenario.serviceTime = .milliseconds(serviceTime)
    scenario.serviceDistribution = serviceDistribution
    scenario.concurrency = concurrency
    scenario.prefetch = prefetch ?? (2 * concurrency + 2)
    scenario.overhead = .milliseconds(overhead)
    scenario.bootTime = .seconds(bootTime)
    scenario.metricDelay = .seconds(metricDelay)
    scenario.samplesPerPeriod = samplesPerPeriod
    scenario.protection = protection.duration
    return scenario
  }

  func paced(_ policy: ElasticityPolicy) -> ElasticityPolicy {
    var policy = policy
    if let period {
      policy = policy.paced(
        period: .seconds(period), minimum: policy.minimum, maximum: policy.maximum,
        warmup: .seconds(warmUp ?? 2 * period))
    }
    policy.minimum = min ?? policy.minimum
    policy.maximum = max ?? Swift.max(policy.maximum, policy.minimum)
    return policy
  }
}

struct PlanPriceOptions: ParsableArguments {
  @Option(help: "An instance's hour: a c7a.large's, of two cores. All are list prices of us-east-1; this is of 2025.")
  var instanceHourPrice = PlanPrices().instanceHour

  @Option(help: "1000 PUT requests to S3, November 2026.")
  var putPrice = PlanPrices().thousandPuts

  @Option(help: "1000 GET requests to S3, November 2026.")
  var getPrice = PlanPrices().thousandGets

  @Option(help: "A million requests to SQS, November 2026.")
  var queueRequestPrice = PlanPrices().millionQueueRequests

  func check() throws {
    for price in [instanceHourPrice, putPrice, getPrice, queueRequestPrice] {
      guard (0...1e6).contains(price) else { throw ValidationError("A price is 0 to a million.") }
    }
  }

  var prices: PlanPrices {
    var prices = PlanPrices()
    prices.instanceHour = instanceHourPrice
    prices.thousandPuts = putPrice
    prices.thousandGets = getPrice
    prices.millionQueueRequests = queueRequestPrice
    return prices
  }
}

/// `--protection`: seconds, or `off`.
struct Protection: ExpressibleByArgument {
  let duration: Duration?

  init(duration: Duration?) { self.duration = duration }

  init?(argument: String) {
    if argument == "off" {
      duration = nil
    } else {
      guard let seconds = Double(argument), (0...3_600).contains(seconds) else { return nil }
      duration = .seconds(seconds)
    }
  }

  var defaultValueDescription: String { duration.map { String(Int($0 / .seconds(1))) } ?? "off" }
}

extension PlanScenario.ServiceDistribution: ExpressibleByArgument {}
