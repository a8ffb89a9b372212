import AWS
import AppTier
import ArgumentParser
import EventLoop
import Foundation
import Glibc
import Jobs
import Logging
import Logs
import Recognition

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Takes jobs from the request queue until told to stop.",
    discussion: """
      Credentials, region and endpoints come from the environment and the shared files, as the AWS SDKs read them: \
      AWS_REGION, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, web identity tokens, ~/.aws, container and instance roles.

      SIGHUP reads the models, their labels and descriptions again; jobs go on meanwhile, and when one cannot be loaded \
      all stay as they were.

      SIGTERM or SIGINT: receives no more, finishes what is being classified, gives the rest back and exits with 0. A \
      second one ends it at once. On EC2, the notice that a spot instance is taken back, or that its Auto Scaling group \
      terminates it, does the same.

      Examples:
        saccade-worker --concurrency 2 --log-format json
        saccade-worker --model model.xml --model other=other.xml
      """)

  @Option(help: ArgumentHelp("Where the images are.", valueName: "name"))
  var inputBucket = "saccade-input"

  @Option(help: ArgumentHelp("Where the results go.", valueName: "name"))
  var outputBucket = "saccade-output"

  @Option(
    help: ArgumentHelp("What the queues' names begin with: 1 to 31 letters, digits, '-' and '_'.", valueName: "prefix"))
  var queuePrefix = "saccade"

  @Option(
    help: ArgumentHelp(
      "Images classified at once, each on a core, 1 to 256. (default: the number of cores)", valueName: "n"))
  var concurrency: Int?

  @Option(help: ArgumentHelp("How long to finish what has begun when told to stop, 0 to 43200.", valueName: "seconds"))
  var drainTimeout = 20

  @Option(
    help: ArgumentHelp(
      "After how long another worker gets the jobs of one that died, 1 to 43200.", valueName: "seconds"))
  var visibilityTimeout = Int(Installation.visibilityTimeout.components.seconds)

  @Flag(
    help: """
      Says on standard output how many jobs it holds: 'saccade-worker: holds N' when it gets one while it had none, and \
      twice a second when the number is another one.
      """)
  var reportLoad = false

  @OptionGroup var instance: InstanceOptions

  @OptionGroup var log: LogOptions

  @OptionGroup var modelOptions: ModelOptions

  func validate() throws {
    if let concurrency, !WorkerLimits.concurrencyRange.contains(concurrency) {
      throw ValidationError(
        "--concurrency is \(WorkerLimits.concurrencyRange.lowerBound) to \(WorkerLimits.concurrencyRange.upperBound)")
    }
    guard (0...43_200).contains(drainTimeout) else { throw ValidationError("--drain-timeout is 0 to 43200 seconds") }
    guard (1...43_200).contains(visibilityTimeout) else {
      throw ValidationError("--visibility-timeout is 1 to 43200 seconds")
    }
    guard (try? QueueNames(prefix: queuePrefix)) != nil else {
      throw ValidationError(
        "--queue-prefix is 1 to \(QueueNames.prefixByteCountMax) letters, digits, hyphens and underscores")
    }
  }

  func run() throws {
    // Until the loop listens nothing is held. Without a handler the first process of a container would not even be told.
    for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(0) } }
    log.bootstrap()
    let logger = Logger(label: "worker")

    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let concurrency = concurrency ?? min(cores, WorkerLimits.concurrencyRange.upperBound)
    // libuv reads it when the pool gets its first work. One for each inference at once, and one to load models.
    setenv("UV_THREADPOOL_SIZE", "\(concurrency + 1)", 1)
    // Until the loop listens: the files that it would have read are about to be read.
    signal(SIGHUP, SIG_IGN)

    // Before anything else of this process is open.
    let decoders = modelOptions.startDecoders(concurrency: concurrency)
    let load: @Sendable () throws -> ModelCatalog = { [modelOptions] in
      let recognizers = try modelOptions.recognizers(concurrency: concurrency, decoders: decoders)
      for classifier in recognizers.map(\.classifier) {
        let batch = classifier.batchSize == 1 ? "one image" : "up to \(classifier.batchSize) images"
        logger.info("loaded \(classifier.model.path), which computes in \(classifier.precision), \(batch) at a time")
      }
      return try ModelCatalog(recognizers.map(ImageRecognition.init))
    }
    let catalog = try load()
    var limits = WorkerLimits(
      concurrency: concurrency, batchSize: catalog.models.map(\.batchSize).max() ?? 1)
    limits.drainTimeout = .seconds(drainTimeout)
    limits.visibilityTimeout = .seconds(visibilityTimeout)
    let confinement = try modelOptions.awaitDecoders(decoders)
    logger.info("decoders are confined by \(confinement)")
    let configuration = WorkerConfiguration(
      inputBucket: inputBucket, outputBucket: outputBucket, queues: try QueueNames(prefix: queuePrefix),
      workerName: "\(hostName)-\(getpid())")
    let summary = try EventLoop.shared.run { [limits, logger, reportLoad, instance = instance.configuration] in
      try await work(configuration, limits, ServedModels(catalog), instance, reportsLoad: reportLoad, logger, load)
    }
    logger.info("stopped: \(summary)")
  }
}

/// From the first look for the queue to the last deletion.
@LoopActor
private func work(
  _ configuration: WorkerConfiguration, _ limits: WorkerLimits, _ models: ServedModels,
  _ instanceConfiguration: EC2Instance.Configuration, reportsLoad: Bool, _ logger: Logger,
  _ load: @escaping @Sendable () throws -> ModelCatalog
) async throws -> Worker.DrainSummary {
  let signals = try StopSignals()
  defer { signals.close() }
  let hangup = try LoopSignal(SIGHUP) { EventLoop.shared.spawn { await models.reload(logger: logger, load) } }
  defer { hangup.close() }
  let environment = ProcessInfo.processInfo.environment
  let manager = ServiceManager(environment: environment)
  defer { manager?.close() }
  let clients = try await AWSClients.fromEnvironment(environment)
  defer { clients.shutdown() }
  let instance = EC2Instance(
    instanceConfiguration, limits: limits,
    metadata: InstanceMetadata(environment: environment, metadata: clients.transport),
    autoScaling: try clients.makeAutoScaling(), logger: logger)

  let opening = EventLoop.shared.start {
    try await Worker.open(
      configuration, limits: limits, s3: clients.s3, sqs: clients.sqs, models: models, logger: logger)
  }
  signals.onStopRequest = { opening.cancel() }
  let worker: Worker
  do { worker = try await opening.value } catch {
    if signals.isStopRequested { return Worker.DrainSummary() }
    throw error
  }
  let waiting = EventLoop.shared.spawn { await instance.waitOutNotices() }
  signals.onStopRequest = { waiting.cancel() }
  await waiting.value
  if signals.isStopRequested { return Worker.DrainSummary() }
  let report = reportsLoad ? LoadReport(of: worker) : nil
  defer { report?.close() }
  worker.start()
  var notice: InstanceNotice?
  instance.watch(over: worker) {
    notice = $0
    signals.requestStop()
  }
  let served = models.catalog.models
  logger.info("serving \(served.map(\.title).joined(separator: ", ")), answers as \(configuration.workerName)")
  // Whoever started this process may wait for the line.
  let names = served.map(\.modelName).joined(separator: ", ")
  print("saccade-worker: ready (model\(served.count == 1 ? "" : "s") \(names), \(limits.concurrency) at once)")
  fflush(nil)
  manager?.ready()

  await signals.wait()
  manager?.stopping()
  logger.info("stopping, \(worker.heldCount) jobs held")
  let summary = await worker.drain(within: notice.flatMap(instance.drainTimeout))
  await instance.finish(after: notice)
  if summary.abandonedCount > 0 {
    logger.warning("stopped: \(summary)")
    // The loop would wait for the threads that are still computing what nobody waits for.
    _exit(0)
  }
  return summary
}

/// As the kernel has it; no name service is asked.
private var hostName: String {
  var name = utsname()
  guard uname(&name) == 0 else { return "localhost" }
  return withUnsafeBytes(of: &name.nodename) { bytes in
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
