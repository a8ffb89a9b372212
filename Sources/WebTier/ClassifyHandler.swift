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

  func handle(
    _ request: HTTPRequest, answering format: AnswerFormat, record: RequestRecord
  ) async -> HTTPResponse {
    let fileCountMax = configuration.limits.filesPerFormMax
    let submission = Submission(storage: storage, body: request.body, fileCountMax: fileCountMax, makeID: makeID)
    record.submission = submission
    do throws(SubmissionError) {
      try admit(submission)
      if request.head.headers.contains("idempotency-key") {
        submission.repeatable = try await idempotency.images(of: request)
      }
      let sink = try sink(for: request, into: submission)
      try await submission.receive(through: sink)
      try await submission.stored()
      record.stored()
      let patience = Patience(request.head.headers, atMost: configuration.limits.answerTimeout)
      let replies =
        submission.repeatable == nil
        ? try await ask(submission, of: record.id, for: patience.duration)
        : try await idempotency.ask(submission.uploads, for: patience.duration) { job(for: $0, of: record.id) }
      record.replies = replies
      for reply in replies { metrics.count(reply) }
      var response = format.response(to: replies, isList: sink.isForm && replies.count > 1)
      if let applied = patience.applied(isPending: response.status == .accepted) {
        response.headers.add("Preference-Applied", applied)
      }
      if submission.isRepeated { response.headers.add("Idempotency-Replayed", "true") }
      return response
    } catch {
      submission.abandon()
      metrics.count(error)
      return Problem(error).response
    }
  }

  /// Refuses what there is no room for at its head: its body is neither asked for nor read.
  private func admit(_ submission: Submission) throws(SubmissionError) {
    // Everybody who is sending is going to wait.
    guard answers.hasRoom(beside: storage.takenPlaceCount) else { throw .tooManyPending }
    try submission.reserve()
  }

  /// Where the request's body goes: to the bucket, file by file, while it comes.
  private func sink(for request: HTTPRequest, into submission: Submission) throws(SubmissionError) -> any ImageSink {
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

  /// Enqueues a job for each stored image and waits for the answers, in the images' order.
  private func ask(
    _ submission: Submission, of requestID: RequestID, for patience: Duration
  ) async throws(SubmissionError) -> [Reply] {
    let uploads = submission.uploads
    let deadline = ContinuousClock.now + patience
    let ids = uploads.map(\.key.id)
    defer { for id in ids { answers.withdraw(id) } }
    for id in ids { try answers.expect(id, until: deadline) }
    try await sender.send(uploads.map { job(for: $0, of: requestID) })
    submission.wasQueued()
    var replies: [Reply] = []
    for upload in uploads { replies.append(try await answers.reply(to: upload.key.id)) }
    return replies
  }

  private func job(for upload: ImageUpload, of requestID: RequestID) -> ClassificationJob {
    ClassificationJob(
      key: upload.key, bucket: configuration.inputBucket, name: upload.name, replyTo: replyQueue.url,
      receivedAt: upload.receivedAt, requestID: requestID)
  }
}
