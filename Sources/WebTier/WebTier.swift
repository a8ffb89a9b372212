// The web tier: takes images over HTTP, streams them to S3, queues their keys, and answers each client when its answer
// comes back. It promises that everything happens on the one loop, that an image crosses the process once and never
// touches its disk, that every client gets an answer or the place where it will be, and that memory is bounded by
// WebLimits however many clients there are. It never decodes an image, and shares nothing with other web processes; those
// on one port ask each other for their figures, so that whichever gets a scraper's connection tells of all.

package import AWS
package import EventLoop
import FoundationEssentials
import HTTP
import Jobs
package import Logging

/// One web process.
@LoopActor
package final class WebTier {
  private let server: HTTPServer
  private let receiver: AnswerReceiver
  private let sender: JobSender
  private let answers: AnswerTable
  private let results: ResultsHandler
  private let activity: Activity
  private let events: EventsHandler
  private let readiness: Readiness
  private let peers: Peers?
  private let access: AccessControl
  private let observer: RequestObserver
  private let replyQueue: ReplyQueue
  let cleaner: ReplyQueueCleaner
  private let storage: ImageStorage
  private let logger: Logger
  private let tlsFiles: TLSFiles?
  private let tickets: TLSTicketKeys

  package var localAddress: SocketAddress { server.localAddress }

  /// Waits for buckets and queues to exist, creates the reply queue, then listens.
  /// - Throws: `InstallationError` when they do not exist in time, `AWSError` when the reply queue cannot be created, `UVError` when the address cannot be had, `APIKeyFileError` when the API keys cannot be read, `TLSError` when the certificate cannot serve.
  package static func start(
    _ configuration: WebConfiguration, clients: AWSClients, logger: Logger
  ) async throws -> WebTier {
    let names = try QueueNames(prefix: configuration.queuePrefix)
    // First, so that a mistake in a file is told before anything is waited for.
    let access = try AccessControl(configuration.access, logger: logger)
    let tls = try configuration.tls.map { (files) throws(TLSError) in
      try TLSContext(files, tickets: configuration.tickets)
    }
    let requestQueueURL = try await Installation.open(
      inputBucket: configuration.inputBucket, outputBucket: configuration.outputBucket, queues: names, s3: clients.s3,
      sqs: clients.sqs, logger: logger)
    let nodeID = JobIDSource().next()
    let replyQueue = try await ReplyQueue.create(
      nodeID: nodeID, names: names, sqs: clients.sqs, limits: configuration.limits.replyQueues, logger: logger)
    do {
      return try WebTier(
        configuration, clients: clients, access: access, tls: tls, requestQueueURL: requestQueueURL,
        replyQueue: replyQueue, nodeID: nodeID.description, names: names, logger: logger)
    } catch {
      // A process that does not come up leaves no queue behind, however often it is started.
      await replyQueue.close()
      throw error
    }
  }

  private init(
    _ configuration: WebConfiguration, clients: AWSClients, access: AccessControl, tls: TLSContext?,
    requestQueueURL: String, replyQueue: ReplyQueue, nodeID: String, names: QueueNames, logger: Logger
  ) throws {
    self.access = access
    self.logger = logger
    tlsFiles = configuration.tls
    tickets = configuration.tickets
    self.replyQueue = replyQueue
    let (s3, sqs) = (clients.s3, clients.sqs)
    let streams = try clients.makeStreams(
      activeCountMax: configuration.limits.streamedUploadCountMax,
      durationMax: configuration.limits.streamedUploadDurationMax)
    let storage = ImageStorage(
      s3: s3, streams: streams, bucket: configuration.inputBucket, limits: configuration.limits, logger: logger)
    self.storage = storage
    let answers = AnswerTable(limits: configuration.limits)
    let sender = JobSender(sqs: sqs, queueURL: requestQueueURL, limits: configuration.limits)
    let readiness = Readiness { () throws(AWSError) in
      try await s3.headBucket(configuration.inputBucket)
      _ = try await sqs.queueAttributes(of: requestQueueURL, ["QueueArn"])
      if let obstacle = replyQueue.obstacle { throw obstacle }
    }
    let metrics = WebMetrics(
      storage: storage, answers: answers, sender: sender, calls: clients.counters, limits: configuration.limits,
      node: nodeID)
    let observer = RequestObserver(metrics: metrics, accessLog: configuration.accessLog.map { AccessLog($0) })
    self.observer = observer
    let identifiers = JobIDSource()
    let store = ResultStore(s3: s3, configuration: configuration)
    let idempotency = Idempotency(
      s3: s3, configuration: configuration, results: store, answers: answers, sender: sender)
    let classify = ClassifyHandler(
      configuration: configuration, storage: storage, sender: sender, answers: answers, idempotency: idempotency,
      metrics: metrics, replyQueue: replyQueue
    ) { identifiers.next() }
    let results = ResultsHandler(results: store, answers: answers, limits: configuration.limits)
    let models = ModelDirectory(listed: configuration.models, limits: configuration.limits)
    let inference = InferenceHandler(
      classify: classify, readiness: readiness, models: models, limits: configuration.limits)
    let activity = Activity(
      metrics: metrics, sqs: sqs, requestQueueURL: requestQueueURL, names: names, fleet: configuration.fleet,
      limits: configuration.limits.activity)
    let events = EventsHandler(activity: activity)
    let admin = AdminHandler(
      activity: activity,
      deadLetters: DeadLetters(
        sqs: sqs, names: names, inputBucket: configuration.inputBucket, results: store, logger: logger),
      identity: .init(
        node: nodeID, index: configuration.processIndex, processes: configuration.peers?.ports.count ?? 1,
        startedAt: Date(timeIntervalSince1970: metrics.process.startTimeSeconds)), logger: logger)
    let peers = try configuration.peers.map { (peers) throws(UVError) in
      try Peers(
        peers, ownIndex: configuration.processIndex, transport: clients.transport, limits: configuration.limits.activity
      ) { subject in
        switch subject {
        case .metrics: HTTPResponse(metrics: metrics.text(ofProcess: configuration.processIndex))
        case .adminState: admin.ownState()
        case .activity: HTTPResponse(status: .ok, body: activity.ownState.json)
        }
      }
    }
    admin.peers = peers
    activity.peers = peers
    self.peers = peers
    let router = Router(
      classify: classify, results: results, readiness: readiness,
      metrics: GroupMetrics(metrics: metrics, peers: peers), inference: inference,
      events: events, admin: admin)
    var limits = configuration.http
    limits.bodyByteCountMax = configuration.limits.bodyByteCountMax
    limits.proxies = configuration.access.trustedProxies
    // However long an answer may be waited for, it is not cut off.
    limits.requestDuration = limits.requestDuration.map { $0 + configuration.limits.answerTimeout }
    limits.stopGraceDuration = configuration.limits.stopGraceDuration
    let refusals: HTTPRefusalObserver = { response, request, peer in
      var response = observer.refused(response, request, peer)
      // Before its head is read nobody knows which page asks.
      if let request { access.mark(&response, to: request) }
      return response
    }
    server = try HTTPServer(
      host: configuration.host, port: configuration.port, inherited: configuration.inheritedSocket, limits: limits,
      tls: tls, refusals: refusals
    ) { request, writer in
      let record = observer.begin(request)
      var answer: HTTPResponse
      if let preflight = access.preflight(request) {
        answer = preflight
      } else {
        if let refusal = access.refusal(of: request) {
          answer = refusal
        } else {
          answer = await router.respond(to: request, record: record)
        }
        access.mark(&answer, to: request)
        if InferencePath.covers(request.head.path) { InferenceProblem.translate(&answer) }
      }
      observer.name(&answer, record.id.description)
      if let stream = answer.stream {
        await writer.send(answer, streaming: stream)
      } else {
        writer.send(answer)
      }
      observer.end(record, answer)
    }
    activity.start()
    metrics.connectionCount = { [weak server] in server?.connectionCount ?? 0 }
    self.answers = answers
    self.results = results
    self.activity = activity
    self.events = events
    self.sender = sender
    self.readiness = readiness
    receiver = AnswerReceiver(sqs: sqs, queue: replyQueue, answers: answers, metrics: metrics, logger: logger)
    receiver.start()
    cleaner = ReplyQueueCleaner(
      sqs: sqs, names: names, own: replyQueue, limits: configuration.limits.replyQueues, logger: logger)
    // One of the processes on a port is enough.
    if configuration.processIndex == 0 { cleaner.start() }
  }

  /// Reads the files of API keys and certificate again; one that is broken changes nothing. For SIGHUP.
  package func reload() async {
    reloadCertificate()
    await access.reload()
  }

  /// Serves new connections with the certificate that its files hold now. When that one cannot serve, all is as before
  /// and the log says why. Without TLS it does nothing.
  package func reloadCertificate() {
    guard let tlsFiles else { return }
    do throws(TLSError) {
      server.renew(try TLSContext(tlsFiles, tickets: tickets))
      logger.info("new connections are served with the certificate now in \(tlsFiles.certificateChain)")
    } catch {
      logger.error("the certificate stays as it was: \(error)")
    }
  }

  /// How long a stop waits for S3 to remove what no job will name.
  private static let removalStopDuration: Duration = .seconds(5)

  /// Stops accepting, finishes what is in flight within the bound, and removes the reply queue.
  package func stop(within bound: Duration) async {
    readiness.isDraining = true
    results.drain()
    events.drain()
    // The process that follows has the same socket for the others.
    await peers?.close()
    await server.shutdown(within: bound)
    // Requests that were cut short have left their uploads to be removed.
    await storage.removals.finish(within: WebTier.removalStopDuration)
    storage.pool.close()
    await activity.close()
    await receiver.stop()
    await cleaner.stop()
    await replyQueue.close()
    answers.close()
    observer.close()
  }
}
