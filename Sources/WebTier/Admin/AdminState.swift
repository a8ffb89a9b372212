import AWS
import EventLoop
import FoundationEssentials
import Glibc

/// All that the operators' page shows of one web process: the numbers of `/metrics`, from the same places, and what changes
/// too fast or is too much for a scraper. Times are of RFC 3339, durations in milliseconds.
struct AdminState: Encodable {
  /// Whose figures these are: each process has counts of its own.
  struct Identity: Encodable {
    var node: String
    /// Among those on one port, from 0 on.
    var index: Int
    /// How many those are.
    var processes: Int
    var pid = getpid()
    var version = BuildInfo.version
    var configuration = BuildInfo.configuration
    var startedAt: Date
  }

  struct Process: Encodable {
    var cpuSeconds: Double
    var residentBytes: Int
    var openDescriptors: Int
    var descriptorLimit: Int
    var connections: Int
    var eventStreams: Int
  }

  struct Queue: Encodable {
    var depth: QueueWatch.Depth?
    /// Why it is not known; before the first look neither is.
    var failure: String?

    @LoopActor init(_ watch: QueueWatch) {
      depth = watch.depth
      failure = watch.failure
    }
  }

  /// A number with its bound.
  struct Level: Encodable {
    var value: Int
    var limit: Int
  }

  struct Stages: Encodable {
    var upload: HistorySample.Latency?
    var queueWait: HistorySample.Latency?
    var inference: HistorySample.Latency?
    var answer: HistorySample.Latency?
  }

  struct SeenWorker: Encodable {
    var name: String
    var model: String?
    /// That came to this process.
    var answers: Int
    var meanInference: Double?
    var secondsSinceAnswer: Double
  }

  struct Workers: Encodable {
    var ready: Int?
    var busy: Int?
    /// Where `saccade up` supervises them.
    var fleet: FleetSnapshot?
    var seen: [SeenWorker]
  }

  struct Images: Encodable {
    var answered: Int
    var failed: Int
    var pending: Int
    var refused: Int
    var cancelled: Int
  }

  struct ProblemCount: Encodable {
    var code: String
    var status: Int
    var count: Int
  }

  struct RecentProblem: Encodable {
    var at: Date
    var requestID: String
    var method: String
    var route: String
    var status: Int
    var code: String
    var detail: String?
  }

  struct Calls: Encodable {
    struct Count: Encodable {
      var service: String
      var operation: String
      var outcome: String
      var count: Int
    }

    var counts: [Count]
    /// By list prices of us-east-1.
    var dollars: Double
    var dollarsPerImage: Double?
  }

  struct History: Encodable {
    var secondsPerSample: Double
    var samples: [HistorySample]
  }

  var at: Date
  var identity: Identity
  var process: Process
  var requestQueue: Queue
  var deadLetterQueue: Queue
  var workers: Workers
  var rates: ActivityState.Rates?
  var images: Images
  var pending: Level
  var uploads: Level
  var uploadBytes: Level
  var queuedJobs: Int
  var removals: Int
  /// Since the process's start.
  var stages: Stages
  var history: History
  var problems: [ProblemCount]
  var recentProblems: [RecentProblem]
  var calls: Calls
}

extension AdminState {
  @LoopActor init(_ activity: Activity, _ identity: Identity) {
    let metrics = activity.metrics
    at = Date()
    self.identity = identity
    process = Process(
      cpuSeconds: ProcessorTime.seconds, residentBytes: ProcessFigures.residentBytes(),
      openDescriptors: ProcessFigures.openDescriptorCount(), descriptorLimit: ProcessFigures.descriptorLimit(),
      connections: metrics.connectionCount(), eventStreams: activity.streamCount())
    requestQueue = Queue(activity.requestQueue)
    deadLetterQueue = Queue(activity.deadLetterQueue)
    workers = Workers(activity, at: .now)
    rates = activity.rates
    images = Images(
      answered: metrics.imageCount(.answered), failed: metrics.imageCount(.failed),
      pending: metrics.imageCount(.pending), refused: metrics.imageCount(.refused),
      cancelled: metrics.imageCount(.cancelled))
    pending = Level(value: metrics.answers.count, limit: metrics.limits.pendingAnswerCountMax)
    uploads = Level(value: metrics.storage.takenPlaceCount, limit: metrics.limits.uploadCountMax)
    uploadBytes = Level(value: metrics.storage.pool.usedByteCount, limit: metrics.limits.bufferByteCountMax)
    queuedJobs = metrics.sender.queuedCount
    removals = metrics.storage.removals.count
    stages = Stages(
      upload: .init(metrics.upload), queueWait: .init(metrics.queueWait), inference: .init(metrics.inference),
      answer: .init(metrics.total))
    history = History(
      secondsPerSample: activity.limits.tick.inSeconds * Double(activity.limits.historyTickCount),
      samples: activity.history.inOrder)
    problems = metrics.problems.map { ProblemCount(code: $0.key.code, status: $0.key.status, count: $0.value) }
      .sorted { ($1.count, $0.code) < ($0.count, $1.code) }
    recentProblems = metrics.recentProblems.inOrder.map {
      RecentProblem(
        at: $0.at, requestID: $0.requestID, method: $0.method, route: $0.route.text, status: $0.status, code: $0.code,
        detail: $0.detail)
    }
    calls = Calls(metrics)
  }
}

extension AdminState.Workers {
  @LoopActor fileprivate init(_ activity: Activity, at now: ContinuousClock.Instant) {
    let workers = activity.workers
    self.init(
      ready: workers.ready, busy: workers.busy, fleet: activity.fleet,
      seen: activity.metrics.workers.seen(at: now).map { name, entry in
        AdminState.SeenWorker(
          name: name, model: entry.model, answers: entry.answerCount, meanInference: entry.meanInference,
          secondsSinceAnswer: (now - entry.lastAnswerAt).inSeconds)
      })
  }
}

extension AdminState.Calls {
  @LoopActor fileprivate init(_ metrics: WebMetrics) {
    let dollars = metrics.costs.reduce(0) { $0 + $1.dollars }
    self.init(
      counts: metrics.attempts.map { key, count in
        Count(service: key.service, operation: key.operation, outcome: key.outcome.rawValue, count: count)
      },
      dollars: dollars,
      dollarsPerImage: metrics.storedUploadCount > 0 ? dollars / Double(metrics.storedUploadCount) : nil)
  }
}
