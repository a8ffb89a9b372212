import AWS
import Elasticity
import EventLoop
import Foundation
import Jobs
import Logs

/// All of Saccade on one machine, as child processes of this one.
@LoopActor
final class Machine {
  /// A worker compiles its model before it is ready, and the first build of a cache may take longer still.
  private static let readyLimit: Duration = .seconds(60)
  /// Together at most 5 s: the web tier first, since it answers with what the others still do.
  private static let webStopLimit: Duration = .seconds(2)
  private static let workerStopLimit: Duration = .milliseconds(1800)
  private static let cloudStopLimit: Duration = .seconds(1)

  private let options: UpCommand
  private let log: PrefixedLog
  private let binaries: URL
  private var environment = ProcessInfo.processInfo.environment
  private var cloud: SupervisedProcess?
  private var web: SupervisedProcess?
  private var fleet: Fleet?
  private var clients: AWSClients?
  private var stateServer: StateServer?
  private let startedAt = Date()

  init(options: UpCommand) {
    self.options = options
    log = PrefixedLog(format: options.log.logFormat)
    binaries = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
  }

  /// Starts everything, waits for a signal or a failure, stops everything.
  /// - Returns: The exit status for the command.
  func run() async throws -> Int32 {
    let signal = EventLoop.shared.start { try await nextSignal(of: [SIGINT, SIGTERM]) }
    let start = EventLoop.shared.start { [self] in try await startAll() }
    let interruption = EventLoop.shared.start {
      let number = try await signal.value
      start.cancel()
      return number
    }
    var status: Int32 = 0
    do {
      let address = try await start.value
      log.plain(greeting(address))
      _ = try await interruption.value
    } catch {
      if !(error is CancellationError) { log.plain("saccade up: \(error)") }
      status = 1
    }
    await stopAll()
    return status
  }

  // MARK: Starting

  private func startAll() async throws -> String {
    let cloud = process(
      "cloud", "saccade",
      ["cloud", "--port", String(options.cloudPort), "--data", options.data + "/cloud"] + options.log.arguments,
      readyPrefix: "saccade cloud: ")
    self.cloud = cloud
    let cloudURL = try await address(of: cloud)
    pinPort(of: cloud, to: cloudURL)
    environment["AWS_ENDPOINT_URL"] = cloudURL
    environment["AWS_SHARED_CREDENTIALS_FILE"] = options.data + "/cloud/credentials"
    environment["AWS_REGION"] = "us-east-1"
    // What would go before those credentials.
    let variables = [
      "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
    ]
    for variable in variables { environment[variable] = nil }
    let queueURL = try await provision()
    let fleet = Fleet(fleetConfiguration) { [self] in
      try await depth(of: queueURL)
    } log: { [log] in
      log.line($0, from: $1)
    }
    self.fleet = fleet
    let workers = fleet.start()
    environment[StateFile.folderVariable] = options.data
    let web = process(
      "web", "saccade",
      ["web", "--host", options.host, "--port", String(options.port), "--access-log", options.accessLog.rawValue]
        + models + names + options.log.arguments,
      readyPrefix: "saccade web: ")
    self.web = web
    for worker in workers { _ = try await readyLine(of: worker) }
    let webURL = try await address(of: web)
    pinPort(of: web, to: webURL)
    fleet.follow()
    stateServer = try StateServer(folder: options.data) { [startedAt] in
      MachineState(pid: getpid(), startedAt: startedAt, url: webURL, fleet: fleet.state)
    }
    return webURL
  }

  /// What the web tier tells of before the workers' models have answered.
  private var models: [String] {
    LocalModels.names(of: options.model).flatMap { ["--model", $0.description] }
  }

  private var names: [String] {
    let installation = options.installation
    return [
      "--input-bucket", installation.inputBucket, "--output-bucket", installation.outputBucket,
      "--queue-prefix", installation.queuePrefix,
    ]
  }

  private var fleetConfiguration: Fleet.Configuration {
    let range = options.workers.range
    let limits = FleetLimits()
    let model = options.model.flatMap { ["--model", $0] }
    // A worker a core: more at once in each would only make them wait for each other.
    let arguments =
      [
        "run", "--concurrency", "1", "--drain-timeout", String(limits.drainDuration.components.seconds),
        "--report-load",
      ] + names + model + options.log.arguments
    let executable = binaries.appendingPathComponent("saccade-worker").path
    return .init(
      minimum: range.lowerBound, maximum: range.upperBound, loadPrefix: "saccade-worker: holds "
    ) { [environment] slot in
      .init(
        name: "worker \(slot)", executable: executable, arguments: arguments, environment: environment,
        readyPrefix: "saccade-worker: ready", readyLimit: limits.readyDuration)
    }
  }

  /// - Returns: The URL of the request queue.
  private func provision() async throws -> String {
    let clients = try await AWSClients.fromEnvironment(environment)
    self.clients = clients
    let names = options.installation
    return try await Installation.create(
      inputBucket: names.inputBucket, outputBucket: names.outputBucket,
      queues: try QueueNames(prefix: names.queuePrefix),
      s3: clients.s3, sqs: clients.sqs)
  }

  private func depth(of queueURL: String) async throws -> QueueDepth {
    guard let clients else { throw CancellationError() }
    let (visible, inFlight) = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    let attributes = try await clients.sqs.queueAttributes(of: queueURL, [visible, inFlight])
    guard let visible = attributes[visible].flatMap({ Int($0) }),
      let inFlight = attributes[inFlight].flatMap({ Int($0) })
    else { throw AWSError.malformedResponse(operation: "GetQueueAttributes", "no numbers of messages") }
    return QueueDepth(visible: visible, inFlight: inFlight)
  }

  private func process(
    _ name: String, _ executable: String, _ arguments: [String], readyPrefix: String
  ) -> SupervisedProcess {
    let process = SupervisedProcess(
      .init(
        name: name, executable: binaries.appendingPathComponent(executable).path, arguments: arguments,
        environment: environment, readyPrefix: readyPrefix)
    ) { [log] in log.line($0, from: name) }
    process.start()
    return process
  }

  private func readyLine(of process: SupervisedProcess) async throws -> String {
    guard let line = await process.ready(within: Machine.readyLimit) else {
      try Task.checkCancellation()
      throw NotReady(name: process.specification.name)
    }
    return line
  }

  /// The URL at the end of a ready line.
  private func address(of process: SupervisedProcess) async throws -> String {
    let line = try await readyLine(of: process)
    return line.split(separator: " ").last.map(String.init) ?? line
  }

  /// After a restart it must be found where it was, even if its port was free to choose at first.
  private func pinPort(of process: SupervisedProcess, to url: String) {
    guard let port = url.split(separator: ":").last.map(String.init),
      let index = process.specification.arguments.firstIndex(of: "--port")
    else { return }
    process.specification.arguments[index + 1] = port
  }

  private struct NotReady: Error, CustomStringConvertible {
    let name: String
    var description: String { "\(name) did not become ready" }
  }

  // MARK: Stopping

  private func stopAll() async {
    log.plain("stopping")
    await stateServer?.close()
    await web?.stop(within: Machine.webStopLimit)
    await fleet?.stop(within: Machine.workerStopLimit)
    clients?.shutdown()
    await cloud?.stop(within: Machine.cloudStopLimit)
  }

  private func greeting(_ address: String) -> String {
    """

    Saccade is up at \(address)

      curl -F image=@photo.jpg \(address)/

    S3 and SQS: AWS_ENDPOINT_URL=\(environment["AWS_ENDPOINT_URL"] ?? "") \
    AWS_SHARED_CREDENTIALS_FILE=\(environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "")
    Ctrl-C stops everything.

    """
  }
}
