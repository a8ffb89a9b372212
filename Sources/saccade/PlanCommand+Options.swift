import ArgumentParser
import Elasticity

/// What policies are tried on, beside the arrivals.
struct PlanMachineryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How long images come. (default: a day, 15 minutes for a burst, a trace's own)", valueName: "seconds"))
  var duration: Double?

  @Option(
    help: ArgumentHelp("What a worker takes for an image, in one of those it has at once.", valueName: "milliseconds"))
  var serviceTime = 10.0

  @Option(help: ArgumentHelp("How service times vary.", valueName: "distribution"))
  var serviceDistribution = PlanScenario.ServiceDistribution.constant

  @Option(help: ArgumentHelp("Images that a worker has at once: its cores, 1 to 1024.", valueName: "n"))
  var concurrency = 2

  @Option(help: ArgumentHelp("Jobs that a worker holds beside those. (default: two a core and two)", valueName: "n"))
  var prefetch: Int?

  @Option(
    help: ArgumentHelp("What an image takes beside that: upload, queue, storage, answer.", valueName: "milliseconds"))
  var overhead = 60.0

  @Option(help: ArgumentHelp("From a worker's start until it takes jobs.", valueName: "seconds"))
  var bootTime = 90.0

  @Option(
    help: ArgumentHelp("From a sample of the queue's depth until an alarm is evaluated with it.", valueName: "seconds"))
  var metricDelay = 60.0

  @Option(help: ArgumentHelp("Samples of the queue's depth in an alarm's period, 1 to 1000.", valueName: "n"))
  var samplesPerPeriod = 1

  @Option(
    help: ArgumentHelp(
      "For how long a worker must have had no image to be ended, 0 to 3600; off: any worker, after what it has begun.",
      valueName: "seconds"),
    completion: .list(["off"]))
  var protection = Protection(duration: .seconds(30))

  @Option(
    help: ArgumentHelp(
      "Plays policies with alarm periods of so long, 0.01 to 86400, and backlogs that are as many periods' work.",
      valueName: "seconds"))
  var period: Double?

  @Option(
    help: ArgumentHelp(
      "With --period: how long a worker that is ready is not yet counted. (default: two periods)", valueName: "seconds")
  )
  var warmUp: Double?

  @Option(help: ArgumentHelp("Fewest workers, 1 to 10000. (default: the policy's)", valueName: "n"))
  var min: Int?

  @Option(help: ArgumentHelp("Most workers, 1 to 10000. (default: the policy's)", valueName: "n"))
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
  @Option(
    help: ArgumentHelp(
      "An instance's hour: a c7a.large's, of two cores. All are list prices of us-east-1; this is of 2025.",
      valueName: "dollars"))
  var instanceHourPrice = PlanPrices().instanceHour

  @Option(help: ArgumentHelp("1000 PUT requests to S3, November 2026.", valueName: "dollars"))
  var putPrice = PlanPrices().thousandPuts

  @Option(help: ArgumentHelp("1000 GET requests to S3, November 2026.", valueName: "dollars"))
  var getPrice = PlanPrices().thousandGets

  @Option(help: ArgumentHelp("A million requests to SQS, November 2026.", valueName: "dollars"))
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
