package import FoundationEssentials
package import Logging

/// How the local cloud is to run.
package struct LocalCloudConfiguration: Sendable {
  package var host: String
  /// 0 lets the system choose.
  package var port: Int
  /// Created when it is missing.
  package var dataFolder: String
  /// Whether an answer waits until the disk has what it acknowledges: then a power cut loses nothing either.
  package var isDurable: Bool
  package var limits: LocalCloudLimits
  package var logger: Logger
  /// The wall clock, for signatures and dates.
  package var now: @Sendable () -> Date

  package init(
    host: String = "127.0.0.1", port: Int = 9000, dataFolder: String, isDurable: Bool = false,
    limits: LocalCloudLimits = LocalCloudLimits(), logger: Logger = Logger(label: "cloud"),
    now: @escaping @Sendable () -> Date = { Date() }
  ) {
    self.host = host
    self.port = port
    self.dataFolder = dataFolder
    self.isDurable = isDurable
    self.limits = limits
    self.logger = logger
    self.now = now
  }
}
