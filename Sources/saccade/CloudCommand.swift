import ArgumentParser
import EventLoop
import Glibc
import LocalCloud
import Logging
import Logs

/// `saccade cloud`: S3 and SQS on this machine.
struct CloudCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cloud", abstract: "S3 and SQS for this machine, on one port.",
    discussion: """
      Objects are files, names and messages a SQLite database, both in the data folder. At the first start a key pair is \
      written to DIR/credentials; AWS_SHARED_CREDENTIALS_FILE=DIR/credentials makes the AWS tools use it.

      Examples:
        saccade cloud --data saccade-data/cloud --fsync
        saccade cloud --sink --answer-delay 50
      """)

  @Option(
    help: ArgumentHelp(
      "Numeric address to listen on, or localhost. Other machines get in only if you say so here.",
      valueName: "address"))
  var host = "127.0.0.1"

  @Option(help: "Port to listen on, 1 to 65535; 0 takes a free one.")
  var port = 9000

  @Option(
    name: .customLong("data"), help: ArgumentHelp("Folder that keeps everything.", valueName: "dir"),
    completion: .directory)
  var dataFolder = "saccade-data/cloud"

  @Flag(name: .customLong("fsync"), help: "Answer only once the disk has it: survives a power cut, too.")
  var isDurable = false

  @OptionGroup(title: "For measuring") var sink: SinkOptions

  @OptionGroup var log: LogOptions

  func validate() throws {
    guard (0...65535).contains(port) else { throw ValidationError("--port is a number from 0 to 65535.") }
  }

  func run() throws {
    endWithSupervisor()
    log.bootstrap()
    // A connection and a file for each object that comes.
    DescriptorLimit.raise(to: 2 * LocalCloudLimits().connectionCountMax + 1024)
    if sink.isSink { return try runSink() }
    let configuration = LocalCloudConfiguration(
      host: host, port: port, dataFolder: dataFolder, isDurable: isDurable, logger: Logger(label: "saccade.cloud"))
    try EventLoop.shared.run {
      // Caught from the beginning: whoever reads the line below may stop it at once.
      let signal = EventLoop.shared.start { try await nextSignal(of: [SIGTERM, SIGINT]) }
      let server = try await LocalCloudServer.start(configuration)
      announce("saccade cloud: S3 and SQS at \(server.url)")
      _ = try await signal.value
      try await server.shutdown()
      let calls = server.calls.description
      if !calls.isEmpty { configuration.logger.info("served \(calls)") }
    }
  }

  private func runSink() throws {
    let configuration = sink.configuration(host: host, port: port)
    try EventLoop.shared.run {
      let signal = EventLoop.shared.start { try await nextSignal(of: [SIGTERM, SIGINT]) }
      // Its turn comes before the line below is written.
      await Task.yield()
      let server = try SinkServer(configuration)
      let release = try LoopSignal(SIGUSR1) { server.releaseAnswers() }
      announce("saccade cloud: a sink for S3 and SQS at \(server.url)")
      _ = try await signal.value
      release.close()
      await server.shutdown()
    }
  }
}
