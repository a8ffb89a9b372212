import ArgumentParser
import Elasticity
import EventLoop

/// `--processes`: a number, or `auto` for one a core.
struct ProcessCount: ExpressibleByArgument, Sendable {
  let count: Int

  init(_ count: Int) { self.count = count }

  init?(argument: String) {
    if argument == "auto" {
      count = min(EventLoop.availableParallelism, PreforkLimits.processCountMax)
    } else {
      guard let number = Int(argument), (1...PreforkLimits.processCountMax).contains(number) else { return nil }
      count = number
    }
  }

  var defaultValueDescription: String { String(count) }
}
