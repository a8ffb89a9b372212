import AWS
import EventLoop
import FoundationEssentials
import HTTP
import Jobs

// How a request with an Idempotency-Key is answered once, however often and wherever it is sent:
// 1. The ids of its images follow from the key, the model that is asked for and the day. Before the body is read the bucket is asked for images under
//    today's ids, then yesterday's: a key is good for a day at least and two at most.
// 2. An image that is there is not stored again. What the client sends is read and compared with it by length and
//    CRC-32C: another image under the same key is refused with 422.
// 3. An image that is not there is stored on condition that it still is not. When S3 says that it is (somebody else was
//    faster, or an attempt of ours whose answer was lost), 2. applies from there on. S3 does not tell the CRC-32C of
//    what was stored in parts: of those only the lengths are compared.
// 4. A result that is in the output bucket is the answer. Else the job is queued again, unless this process has just done
//    so: jobs may come twice anyway, its answer comes to the process that needs it, and a first attempt that ended
//    between the bucket and the queue is mended.
// Nothing that may be another request's is ever removed, so a first attempt that failed leaves at most an image that the
// next one finds. Only requests that are sent at the same time on both sides of midnight, or with different file names,
// are classified twice; each gets a right answer.

/// Requests that carry an `Idempotency-Key`.
@LoopActor
final class Idempotency {
  private let s3: S3Client
  private let configuration: WebConfiguration
  private let results: ResultStore
  private let answers: AnswerTable
  private let sender: JobSender
  private var recent: RecentJobs

  init(
    s3: S3Client, configuration: WebConfiguration, results: ResultStore, answers: AnswerTable, sender: JobSender
  ) {
    self.s3 = s3
    self.configuration = configuration
    self.results = results
    self.answers = answers
    self.sender = sender
    // By then a job has been received as often as it may be, and failed; another attempt is the client's wish.
    let lifetime = Installation.visibilityTimeout * Installation.receiveCountMax
    recent = RecentJobs(lasting: lifetime, countMax: configuration.limits.recentJobCountMax)
  }

  /// Finds out what there is of a request's images.
  /// - Parameter model: What it asks for in its query; with another model the key is another request's.
  func images(of request: HTTPRequest, for model: ModelName?) async throws(SubmissionError) -> RepeatableImages {
    let fields = request.head.headers.all("idempotency-key")
    let byteCountMax = configuration.limits.idempotencyKeyByteCountMax
    guard let key = IdempotencyKey(fields, of: request.clientName ?? "", for: model, upTo: byteCountMax)
    else {
      throw .malformedIdempotencyKey(byteCountMax: byteCountMax)
    }
    let today = IdempotencyKey.day(of: Date())
    for day in [today, today - 1] {
      let stored = try await stored(under: key, on: day)
      if !stored.isEmpty { return RepeatableImages(key: key, day: day, stored: stored) }
    }
    return RepeatableImages(key: key, day: today, stored: [:])
  }

  private func stored(under key: IdempotencyKey, on day: Int) async throws(SubmissionError) -> [Int: ObjectKey] {
    do throws(AWSError) {
      let page = try await s3.listObjects(
        bucket: configuration.inputBucket, prefix: key.prefix(on: day), keyCountMax: JobID.siblingCountMax)
      let keys = page.objects.compactMap { ObjectKey($0.key) }
      return Dictionary(keys.map { ($0.id.sibling, $0) }) { first, _ in first }
    } catch {
      throw SubmissionError(reading: error)
    }
  }

  /// The answers to stored images, in their order: those there are, and those to jobs that are queued for the others.
  func ask(
    _ uploads: [ImageUpload], for patience: Duration, job: @LoopActor (ImageUpload) -> ClassificationJob
  ) async throws(SubmissionError) -> [Reply] {
    let deadline = ContinuousClock.now + patience
    var listeners: [AnswerListener] = []
    defer { for listener in listeners { answers.unlisten(listener) } }
    var replies: [JobID: Reply] = [:]
    var jobs: [ClassificationJob] = []
    for upload in uploads {
      // Before the look, so that an answer that comes between the look and the wait is heard.
      listeners.append(try answers.listen(to: upload.key.id))
      // A job that was queued here may have been answered, and its image be cleared away and stored again since.
      let mayBeAnswered = upload.isRepeated || recent.contains(upload.key.id, at: .now)
      let found = mayBeAnswered ? try await results.result(of: upload.key) : nil
      if let found, found.isFinal {
        replies[upload.key.id] = found
      } else if found != nil || !recent.contains(upload.key.id, at: .now) {
        jobs.append(job(upload))
      }
    }
    try await send(jobs)
    for listener in listeners where replies[listener.id] == nil {
      replies[listener.id] = try await listener.wait(for: deadline - .now)
    }
    return uploads.map { replies[$0.key.id] ?? .pending($0.key.id) }
  }

  private func send(_ jobs: [ClassificationJob]) async throws(SubmissionError) {
    // Beforehand, so that a repetition at the same time does not send them too.
    for job in jobs { recent.insert(job.id, at: .now) }
    do throws(SubmissionError) {
      try await withUnsafeContinuation { sender.send(jobs, $0) }.get()
    } catch {
      for job in jobs { recent.remove(job.id) }
      throw error
    }
  }
}
