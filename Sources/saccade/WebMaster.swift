import Elasticity
import EventLoop
import Foundation
import Glibc
import HTTP
import Logging

/// `saccade web` with several processes: the same command line again for each, on one port.
@LoopActor
enum WebMaster {
  /// What a process does after its drain: the reply queue goes, connections to S3 and SQS end.
  private static let stopGrace: Duration = .seconds(10)

  /// Runs until the processes have ended: SIGTERM and SIGINT stop them, SIGHUP replaces them.
  /// - Parameter hasTLS: Whether the processes serve HTTPS, and are to resume each other's sessions.
  /// - Returns: The exit status for the command.
  static func run(
    host: String, port: Int, processCount: Int, drain: Duration, hasTLS: Bool
  ) async throws -> Int32 {
    // By the name it was started with, not by /proc/self/exe: an upgrade may have replaced the file, or pointed a link
    // at another one.
    var specification = PreforkMaster.Specification(
      executable: CommandLine.arguments[0], arguments: Array(CommandLine.arguments.dropFirst()),
      environment: ProcessInfo.processInfo.environment, host: host, port: port, processCount: processCount,
      peerToken: BearerToken.random().text)
    specification.limits.stopDuration = drain + stopGrace
    if hasTLS {
      let tickets = TLSTicketKeys()
      specification.secret = { tickets.handOver() }
    }
    let manager = ServiceManager(environment: specification.environment)
    defer { manager?.close() }
    let master = try PreforkMaster(specification, logger: Logger(label: "web")) {
      announce($0)
      manager?.ready()
    }
    let stop: @LoopActor () -> Void = {
      manager?.stopping()
      master.stop()
    }
    let stops = try [SIGTERM, SIGINT].map { try LoopSignal($0, stop) }
    let upgrade = try LoopSignal(SIGHUP) { master.upgrade() }
    defer { for signal in stops + [upgrade] { signal.close() } }
    return await master.run()
  }
}
