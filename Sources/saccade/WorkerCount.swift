import ArgumentParser
import Elasticity
import EventLoop

/// How many workers there may be: `--workers` for exactly so many, or `--min` and `--max`.
struct WorkerCount: ParsableArguments {
  @Option(
    name: .customLong("min"),
    help: ArgumentHelp("Workers that there are at least. (default: 1)", valueName: "n"))
  var minimum: Int?

  @Option(
    name: .customLong("max"),
    help: ArgumentHelp("Workers that there are at most. (default: the number of cores)", valueName: "n"))
  var maximum: Int?

  @Option(help: ArgumentHelp("So many workers whatever the queue's depth, instead of --min and --max.", valueName: "n"))
  var workers: Int?

  func validate() throws {
    let allowed = 1...FleetLimits.workerCountMax
    for (name, count) in [("--min", minimum), ("--max", maximum), ("--workers", workers)] {
      if let count, !allowed.contains(count) { throw ValidationError("\(name) is 1 to \(allowed.upperBound).") }
    }
    if workers != nil, minimum != nil || maximum != nil {
      throw ValidationError("--workers says how many there are; --min and --max go without it.")
    }
    if let minimum, let maximum, minimum > maximum { throw ValidationError("--min is more than --max.") }
  }

  /// A worker classifies one image at a time: more of them than cores would only wait for each other.
  var range: ClosedRange<Int> {
    if let workers { return workers...workers }
    let cores = min(EventLoop.availableParallelism, FleetLimits.workerCountMax)
    let most = maximum ?? max(cores, minimum ?? 1)
    return (minimum ?? 1)...most
  }
}
