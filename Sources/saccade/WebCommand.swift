import AWS
import ArgumentParser
import Elasticity
import EventLoop
import Foundation
import Glibc
import HTTP
import Jobs
import Logging
import Logs
import WebTier

struct WebCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "web",
    abstract: "Run the web tier: takes uploads, answers with labels.",
    discussion: """
      S3 and SQS are found as the AWS SDKs find them: credentials, region and AWS_ENDPOINT_URL from the environment, \
      the shared files, the container or the instance. SIGTERM and SIGINT finish what is in flight. SIGHUP reads the \
      files of certificate and API keys again.

      With --processes, SIGHUP starts new processes from the binary's path and then ends the old ones, without refusing \
      a connection. Memory and connection limits are a process's own.

      Examples:
        saccade web --host 0.0.0.0 --api-keys keys --key-rate 10/s:20
        saccade web --processes auto --tls-certificate chain.pem --tls-key key.pem
      """)

  @Option(help: ArgumentHelp("Numeric address to listen on, or localhost.", valueName: "address"))
  var host = "127.0.0.1"

  @Option(help: "Port to listen on, 1 to 65535; 0 takes a free one.")
  var port = 8080

  @Option(
    help: ArgumentHelp(
      "Processes that share the port, 1 to \(PreforkLimits.processCountMax), or auto for one a core.", valueName: "n"),
    completion: .list(["auto"]))
  var processes = ProcessCount(1)

  @Option(
    help: ArgumentHelp(
      "How long a client waits for its answer before it is told where to find it, 1 to 3600.", valueName: "seconds"))
  var answerTimeout = 30

  @Option(help: ArgumentHelp("Largest image, 1 to 1024 MiB; a request may have 16 MiB more.", valueName: "mib"))
  var maxImage = 32

  @Option(
    help: ArgumentHelp(
      "Memory of uploads beyond which what S3 has taken is not kept for a replay, 0 to 1048576 MiB.", valueName: "mib"))
  var replayMemory = 256

  @Option(
    help: ArgumentHelp("How long a stop may take to finish what is in flight, 0 to 3600.", valueName: "seconds"))
  var drainTimeout = 30

  @Option(
    help: ArgumentHelp(
      "A model that the workers have, for those who ask at /v2/models; repeatable.",
      discussion: "Others that have answered are told of, too. (default: \(LocalModels.installedName))",
      valueName: "name"))
  var model: [String] = []

  @OptionGroup(title: "Access") var access: AccessOptions

  @OptionGroup(title: "HTTPS") var tls: TLSOptions

  @Option(
    help: ArgumentHelp(
      "A line on standard error for each request with images, with --log-level debug for every request.",
      valueName: "switch"))
  var accessLog = Switch.on

  @OptionGroup(title: "Logs") var log: LogOptions

  @OptionGroup var installation: InstallationOptions

  func validate() throws {
    guard (0...65_535).contains(port) else { throw ValidationError("--port is 0 to 65535.") }
    guard (1...3600).contains(answerTimeout) else { throw ValidationError("--answer-timeout is 1 to 3600 seconds.") }
    guard (1...1024).contains(maxImage) else { throw ValidationError("--max-image is 1 to 1024 MiB.") }
    guard (0...1_048_576).contains(replayMemory) else { throw ValidationError("--replay-memory is 0 to 1048576 MiB.") }
    for name in model where ModelName(name) == nil { throw ValidationError("--model is \(ModelName.rule).") }
    guard (0...3600).contains(drainTimeout) else { throw ValidationError("--drain-timeout is 0 to 3600 seconds.") }
  }

  func run() throws {
    endWithSupervisor()
    log.bootstrap()
    var configuration = WebConfiguration(
      host: host, port: port, inputBucket: installation.inputBucket, outputBucket: installation.outputBucket,
      queuePrefix: installation.queuePrefix)
    configuration.models = model.isEmpty ? LocalModels.names(of: []) : model.compactMap { ModelName($0) }
    configuration.limits.answerTimeout = .seconds(answerTimeout)
    configuration.limits.imageByteCountMax = maxImage << 20
    configuration.limits.bodyByteCountMax = maxImage << 20 + 16 << 20
    configuration.limits.replayByteCountMax = replayMemory << 20
    access.apply(to: &configuration)
    configuration.tls = tls.files
    if accessLog == .on {
      configuration.accessLog = AccessLog.Configuration(
        format: log.logFormat, output: .standardError, includesAll: log.logLevel <= .debug)
    }
    let drain = Duration.seconds(drainTimeout)
    let environment = ProcessInfo.processInfo.environment
    let child = PreforkChild(environment: environment)
    if processes.count > 1, child == nil {
      // A mistake is told once, rather than by each process that does not come up.
      if let files = tls.files { _ = try TLSContext(files) }
      let status = try EventLoop.shared.run { [self] in
        try await WebMaster.run(
          host: host, port: port, processCount: processes.count, drain: drain, hasTLS: tls.files != nil)
      }
      throw ExitCode(status)
    }
    if let child {
      configuration.inheritedSocket = child.socketDescriptor
      configuration.processIndex = child.slot
      configuration.peers = child.peers.map {
        PeerConfiguration(socketDescriptor: $0.socketDescriptor, ports: $0.ports, token: BearerToken($0.token))
      }
      if let tickets = child.secret.flatMap({ TLSTicketKeys(handedOver: $0) }) { configuration.tickets = tickets }
    }
    configuration.fitDescriptors(logger: Logger(label: "web"))
    try EventLoop.shared.run { [settings = configuration] in
      let fleet = SupervisedFleet(environment: environment)
      defer { fleet?.close() }
      var source: FleetSource?
      if let fleet { source = { await fleet.snapshot() } }
      let configuration = settings.with(fleet: source)
      // The processes of a group are the master's to tell of.
      let manager = child == nil ? ServiceManager(environment: environment) : nil
      defer { manager?.close() }
      // Caught from the beginning: a process that starts, or has just become ready, leaves nothing behind either.
      let signal = EventLoop.shared.start { try await nextSignal(of: [SIGTERM, SIGINT]) }
      let clients = try await AWSClients.fromEnvironment(
        environment, concurrentCallCountMax: configuration.limits.uploadCountMax)
      let start = EventLoop.shared.start {
        try await WebTier.start(configuration, clients: clients, logger: Logger(label: "web"))
      }
      EventLoop.shared.spawn { if (try? await signal.value) != nil { start.cancel() } }
      let hangup = try LoopSignal(SIGHUP) { EventLoop.shared.spawn { await (try? await start.value)?.reload() } }
      defer { hangup.close() }
      do {
        let web = try await start.value
        let scheme = configuration.tls == nil ? "http" : "https"
        let line = "saccade web: listening at \(scheme)://\(web.localAddress)"
        if let child { child.announceReady(line) } else { announce(line) }
        manager?.ready()
        _ = try await signal.value
        manager?.stopping()
        await web.stop(within: drain)
      } catch {
        // Stopped before it served: no failure.
        if !start.isCancelled { throw error }
      }
      clients.shutdown()
    }
  }
}
