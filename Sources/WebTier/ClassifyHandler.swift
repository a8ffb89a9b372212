import EventLoop
import HTTP
import Jobs

/// The way of one request with images: receive, store, enqueue, await, answer.
@LoopActor
final class ClassifyHandler {
  private let configuration: WebConfiguration
  private let storage: ImageStorage
  private let sender: JobSender
  private let answers: AnswerTable
  private let idempotency: Idempotency
  private let metrics: WebMetrics
  private let makeID: @LoopActor () -> JobID
  private let replyQueue: ReplyQueue

  init(
    configuration: WebConfiguration, storage: ImageStorage, sender: JobSender, answers: AnswerTable,
    idempotency: Idempotency, metrics: WebMetrics, replyQueue: ReplyQueue, makeID: @escaping @LoopActor () -> JobID
  ) {
    self.configuration = configuration
    self.storage = storage
    self.sender = sender
    self.answers = answers
    self.idempotency = idempotency
    self.metrics = metrics
    self.replyQueue = replyQueue
    self.makeID = makeID
  }

  /// - Parameter inference: What the path says, of a request of the Open Inference Protocol.
  func handle(
    _ request: HTTPRequest, answering format: AnswerFormat, record: RequestRecord, inference: InferenceCall? = nil
  ) async -> HTTPResponse {
    let fileCountMax = configuration.limits.filesPerFormMax
    let submission = Submission(storage: storage, body: request.body, fileCountMax: fileCountMax, makeID: makeID)
    record.submission = submission
    // One handler for all the waits of a request: each would cost the runtime as much as the wait itself.
    return await withTaskCancellationHandler {
      await answer(request, with: submission, as: format, record: record, inference)
    } onCancel: {
      EventLoop.shared.spawn { self.cancel(submission) }
    }
  }

  /// The client has gone: nothing is waited for any more but for jobs on their way to the queue.
  private func cancel(_ submission: Submission) {
    submission.cancel()
    for upload in submission.uploads { answers.withdraw(upload.key.id) }
  }

  /// The waits are spelled out here, for each function that is awaited costs the runtime as much as two of them.
  @inline(__always)
  private func answer(
    _ request: HTTPRequest, with submission: Submission, as format: AnswerFormat, record: RequestRecord,
    _ inference: InferenceCall?
  ) async -> HTTPResponse {
    do throws(SubmissionError) {
      if let inference {
        submission.ask(for: inference.model)
      } else if let query = request.head.query {
        try submission.readModel(ofQuery: query)
      }
      try admit(submission)
      if request.head.headers.contains("idempotency-key") {
        submission.repeatable = try await idempotency.images(of: request, for: submission.model)
      }
      let sink = try sink(for: request, into: submission, inference)
      do throws(RequestBodyError) { try await request.body.stream(to: sink, upTo: sink.byteCountMax) } catch {
        throw submission.failure ?? .body(error)
      }
      try sink.finish()
      for upload in submission.uploads where !upload.isStored {
        let result = await withUnsafeContinuation { upload.report(to: $0) }
        try result.mapError { SubmissionError.upload($0, fileName: upload.name) }.get()
      }
      record.stored()
      // The protocol has no answer that is not one yet: who prefers to go at once waits all the same.
      let headers = inference == nil ? request.head.headers : HTTPHeaders()
      let patience = Patience(headers, atMost: configuration.limits.answerTimeout)
      if submission.repeatable == nil {
        let waiters = try expectAnswers(to: submission, for: patience.duration)
        defer { for waiter in waiters { answers.withdraw(waiter) } }
        let jobs = submission.uploads.map { job(for: $0, in: submission, of: record.id) }
        try await withUnsafeContinuation { sender.send(jobs, $0) }.get()
        submission.wasQueued()
        for waiter in waiters { record.replies.append(try await withUnsafeContinuation { waiter.reply(to: $0) }.get()) }
      } else {
        record.replies =
          try await idempotency.ask(submission.uploads, for: patience.duration) {
            job(for: $0, in: submission, of: record.id)
          }
      }
      return response(
        with: record.replies, to: submission, as: format, isForm: sink.isForm, patience, inference)
    } catch {
      submission.abandon()
      metrics.count(error)
      return Problem(error).response
    }
  }

  private func response(
    with replies: [Reply], to submission: Submission, as format: AnswerFormat, isForm: Bool, _ patience: Patience,
    _ inference: InferenceCall?
  ) -> HTTPResponse {
    for reply in replies { metrics.count(reply) }
    var response =
      inference?.response(to: replies) ?? format.response(to: replies, isList: isForm && replies.count > 1)
    if let applied = patience.applied(isPending: response.status == .accepted) {
      response.headers.add("Preference-Applied", applied)
    }
    if submission.isRepeated { response.headers.add("Idempotency-Replayed", "true") }
    return response
  }

  /// Refuses what there is no room for at its head: its body is neither asked for nor read.
  private func admit(_ submission: Submission) throws(SubmissionError) {
    // Everybody who is sending is going to wait.
    guard answers.hasRoom(beside: storage.takenPlaceCount) else { throw .tooManyPending }
    try submission.reserve()
  }

  /// Where the request's body goes: to the bucket, file by file, while it comes.
  private func sink(
    for request: HTTPRequest, into submission: Submission, _ inference: InferenceCall?
  ) throws(SubmissionError) -> any ImageSink {
    if let inference { return try inference.sink(for: request, into: submission) }
    let contentType = request.head.headers["content-type"]
    guard let mediaType = contentType.flatMap({ MediaType(parsing: $0) }) else {
      throw .unsupportedMediaType(contentType)
    }
    let limit = configuration.limits.bodyByteCountMax
    switch (mediaType.type, mediaType.subtype) {
    case ("multipart", "form-data"):
      let boundary: MultipartBoundary
      do throws(MultipartError) { boundary = try MultipartBoundary(mediaType) } catch { throw .malformedForm(error) }
      return FormSink(
        submission, boundary: boundary, contentLength: request.body.contentLength, byteCountMax: limit)
    case ("image", _), ("application", "octet-stream"):
      return RawSink(
        submission, name: "image", contentLength: request.body.contentLength,
        byteCountMax: min(limit, configuration.limits.imageByteCountMax))
    default:
      throw .unsupportedMediaType(contentType)
    }
  }

  /// Before the jobs are sent, so that no answer comes too early. Each wait is to be withdrawn.
  private func expectAnswers(
    to submission: Submission, for patience: Duration
  ) throws(SubmissionError) -> [AnswerTable.Waiter] {
    let deadline = ContinuousClock.now + patience
    var waiters: [AnswerTable.Waiter] = []
    do throws(SubmissionError) {
      for upload in submission.uploads { waiters.append(try answers.expect(upload.key.id, until: deadline)) }
    } catch {
      for waiter in waiters { answers.withdraw(waiter) }
      throw error
    }
    return waiters
  }

  private func job(for upload: ImageUpload, in submission: Submission, of requestID: RequestID) -> ClassificationJob {
    ClassificationJob(
      key: upload.key, bucket: configuration.inputBucket, name: upload.name, replyTo: replyQueue.url,
      receivedAt: upload.receivedAt, requestID: requestID, model: submission.model)
  }
}
