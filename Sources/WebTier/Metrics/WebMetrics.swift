import AWS
import EventLoop
import HTTP
import Jobs

/// What `/metrics` shows of this process. Counting is additions to fixed places; text is made when it is asked for.
@LoopActor
final class WebMetrics {
  let storage: ImageStorage
  let answers: AnswerTable
  let sender: JobSender
  let calls: AWSCallCounters
  let limits: WebLimits
  let process = ProcessFigures()
  /// Which process this is: constant, for joining.
  let node: String
  /// Connections that are open, once there is a server.
  var connectionCount: @LoopActor () -> Int = { 0 }

  private(set) var images = Tally(from: ImageOutcome.allCases)
  private(set) var requests = Tally<RequestKey>()
  private(set) var problems: [ProblemKey: Int] = [:]
  private(set) var uploadCount = 0
  private(set) var storedUploadCount = 0
  private(set) var receivedByteCount = 0
  private(set) var storedByteCount = 0
  private(set) var upload = Histogram()
  private(set) var queueWait = Histogram()
  private(set) var inference = Histogram()
  private(set) var total = Histogram()
  /// Who has answered.
  var workers: WorkerTable
  /// What has gone wrong last.
  let recentProblems: RecentProblems

  struct RequestKey: Equatable {
    let route: RouteLabel
    let status: Int
  }

  struct ProblemKey: Hashable {
    let code: String
    let status: Int
  }

  init(
    storage: ImageStorage, answers: AnswerTable, sender: JobSender, calls: AWSCallCounters, limits: WebLimits,
    node: String
  ) {
    self.storage = storage
    self.answers = answers
    self.sender = sender
    self.calls = calls
    self.limits = limits
    self.node = node
    workers = WorkerTable(limits: limits.activity)
    recentProblems = RecentProblems(limits: limits.activity)
  }

  // MARK: Images

  func imageCount(_ outcome: ImageOutcome) -> Int { images.entries.first { $0.key == outcome }?.count ?? 0 }

  func count(_ reply: Reply) {
    switch reply {
    case .pending: images.count(.pending)
    case .answered(let answer, _):
      switch answer.outcome {
      case .success: images.count(.answered)
      case .failure: images.count(.failed)
      }
    }
  }

  func count(_ error: SubmissionError) {
    switch error {
    case .cancelled, .upload(.cancelled, _), .body(.disconnected): images.count(.cancelled)
    default: images.count(.refused)
    }
  }

  /// An answer has come from a worker, whether somebody still waits for it or not: leaving out those that came too late
  /// would make a full queue look short.
  /// - Parameter json: What it was read from.
  func observe(_ answer: AnswerEnvelope, json: [UInt8]) {
    if let worker = answer.worker {
      workers.observe(worker, inference: answer.timings?.classify, at: .now) {
        (try? ClassificationAnswer(decoding: json)).flatMap { try? $0.outcome.get().model }
      }
    }
    guard let timings = answer.timings else { return }
    if let queue = timings.queue { queueWait.observe(queue / 1000) }
    if let classify = timings.classify { inference.observe(classify / 1000) }
  }

  // MARK: Requests

  func count(_ record: RequestRecord, _ response: HTTPResponse, total duration: Duration) {
    let status = record.status(of: response)
    requests.count(RequestKey(route: RouteLabel(path: record.request.head.path), status: status))
    if let code = response.problemCode {
      countProblem(code, status: status)
      recentProblems.add(record, response, status: status)
    }
    guard let submission = record.submission else { return }
    receivedByteCount += record.request.body.receivedByteCount
    uploadCount += submission.uploads.count
    guard let uploadDuration = record.uploadDuration else { return }
    storedUploadCount += submission.uploads.count
    storedByteCount += submission.fileByteCount
    upload.observe(uploadDuration)
    if status == HTTPStatus.ok.rawValue { total.observe(duration) }
  }

  /// An answer to what was never understood as a request, or had no room.
  func countRefusal(_ response: HTTPResponse) {
    let status = response.status.rawValue
    requests.count(RequestKey(route: .other, status: status))
    if let code = response.problemCode { countProblem(code, status: status) }
  }

  private func countProblem(_ code: String, status: Int) {
    let key = ProblemKey(code: code, status: status)
    // Ours are few, but a worker's error codes are an open set.
    let isKnown = problems[key] != nil || problems.count < limits.problemLabelCountMax
    problems[isKnown ? key : ProblemKey(code: "other", status: 0), default: 0] += 1
  }
}
