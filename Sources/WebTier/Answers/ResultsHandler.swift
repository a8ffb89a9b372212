import AWS
import EventLoop
import HTTP
import Jobs

/// `GET /v1/results/{id}`: answers that came after their client had been sent away. The output bucket holds them.
///
/// With `?wait=N` the client is kept until the answer comes, at most N seconds. One that this process has asked for
/// comes by its own reply queue and costs no look into the bucket; one that another process has asked for is looked for
/// at the pace of ``LookSchedule``.
@LoopActor
final class ResultsHandler {
  static let path = "/v1/results/"

  private let results: ResultStore
  private let answers: AnswerTable
  private let limits: WebLimits
  private var polls: [ObjectIdentifier: AnswerListener] = [:]
  /// Those of them that look into the bucket.
  private var lookerCount = 0
  private var isDraining = false

  init(results: ResultStore, answers: AnswerTable, limits: WebLimits) {
    self.results = results
    self.answers = answers
    self.limits = limits
  }

  static func location(of id: JobID) -> String { path + id.description }

  /// Lets everybody go who waits: the process is about to stop, and the client may ask another one.
  func drain() {
    isDraining = true
    for poll in polls.values { poll.release() }
  }

  func handle(_ head: HTTPRequestHead) async -> HTTPResponse {
    guard let id = JobID(String(head.path.dropFirst(ResultsHandler.path.count))) else { return .unknownResult }
    guard let wait = wait(asked: head.query) else {
      return Problem(
        .badRequest, code: "malformed-wait", detail: "The query parameter wait is one whole number of seconds."
      ).response
    }
    do throws(SubmissionError) {
      guard let reply = try await reply(to: id, within: wait) else { return .unknownResult }
      return response(to: reply, AnswerFormat(acceptOfResult: head.headers["accept"]))
    } catch {
      return Problem(error).response
    }
  }

  /// - Returns: `nil` when it is not one number of seconds; no longer than anybody may wait.
  private func wait(asked query: String?) -> Duration? {
    guard query != nil else { return .zero }
    guard let parameters = QueryParameters(parsing: query) else { return nil }
    let texts = parameters.all("wait")
    guard let text = texts.first else { return .zero }
    guard texts.count == 1, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    // A number that is too large for an integer is too long a wait as well.
    return min(.seconds(Int(text) ?? .max), limits.longPollDurationMax)
  }

  /// - Returns: `nil` when there is neither a result nor an image.
  private func reply(to id: JobID, within wait: Duration) async throws(SubmissionError) -> Reply? {
    guard wait > .zero, !isDraining, polls.count < limits.longPollCountMax else {
      guard let found = try await results.find(id) else { return nil }
      return found.reply ?? .pending(id)
    }
    let deadline = ContinuousClock.now + wait
    // Before the first look, so that an answer that comes between the look and the wait is heard.
    let listener = try answers.listen(to: id)
    polls[ObjectIdentifier(listener)] = listener
    defer {
      answers.unlisten(listener)
      polls[ObjectIdentifier(listener)] = nil
    }
    guard let found = try await results.find(id) else { return listener.reply }
    if let reply = found.reply { return reply }
    return try await waitForReply(listener, found.key, until: deadline) ?? .pending(id)
  }

  private func waitForReply(
    _ listener: AnswerListener, _ key: ObjectKey, until deadline: ContinuousClock.Instant
  ) async throws(SubmissionError) -> Reply? {
    let isLooking = !answers.isExpected(key.id)
    if isLooking { lookerCount += 1 }
    defer { if isLooking { lookerCount -= 1 } }
    var schedule = LookSchedule(looksPerSecondMax: limits.resultLooksPerSecondMax)
    while !isDraining {
      let rest = deadline - .now
      let pause = isLooking ? min(schedule.next(pollCount: lookerCount), rest) : rest
      if let reply = try await listener.wait(for: pause) { return reply }
      // Also for an answer that was expected here: it may have been lost, or asked for a second time elsewhere.
      if let reply = try await results.result(of: key) { return reply }
      if deadline <= .now { return nil }
    }
    return nil
  }

  /// As its client would have got it in time. What is final is so for ever; the rest is not to be kept.
  private func response(to reply: Reply, _ format: AnswerFormat) -> HTTPResponse {
    var response = format.response(to: [reply], isList: false)
    response.headers["Cache-Control"] = reply.isFinal ? "private, max-age=31536000, immutable" : "no-store"
    response.headers["Vary"] = "Accept"
    return response
  }
}

extension HTTPResponse {
  fileprivate static var unknownResult: HTTPResponse {
    var response = Problem(
      .notFound, code: "unknown-id", detail: "There is neither an image nor a result of that identifier."
    ).response
    // It may be another client's in a moment.
    response.headers["Cache-Control"] = "no-store"
    return response
  }
}
