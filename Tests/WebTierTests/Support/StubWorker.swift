import AWS
import EventLoop
import Foundation
import Jobs

/// The worker's side of an installation: takes jobs from the real request queue, gets their objects from the real
/// bucket, and answers as it is told: into the real results bucket and to the real reply queue.
@LoopActor final class StubWorker {
  typealias Outcome = Result<Classification, ClassificationError>

  struct Work {
    /// From 1 on.
    let number: Int
    let job: ClassificationJob
    /// Of the object; nil when it is not there.
    let image: Fingerprint?
  }

  /// Every job, in the order they came.
  private(set) var works: [Work] = []
  private let clients: AWSClients
  private let queueURL: String
  private let resultBucket: String
  /// What to answer; nil to leave the answering to the test.
  private let answer: @LoopActor (Work) -> Outcome?
  private var task: Task<Void, Never>?
  private var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

  init(_ clients: AWSClients, queueURL: String, resultBucket: String, answer: @escaping @LoopActor (Work) -> Outcome?) {
    self.clients = clients
    self.queueURL = queueURL
    self.resultBucket = resultBucket
    self.answer = answer
    task = EventLoop.shared.spawn { await self.run() }
  }

  func stop() async {
    task?.cancel()
    await task?.value
  }

  /// Waits for the job of that number, from 1 on.
  func work(_ count: Int) async -> Work {
    if works.count < count { await withCheckedContinuation { waiters.append((count, $0)) } }
    return works[count - 1]
  }

  func send(_ outcome: Outcome, to job: ClassificationJob) async throws {
    let body = try ClassificationAnswer(id: job.id, outcome: outcome, requestID: job.requestID).encoded()
    try await clients.sqs.sendMessage(SQSOutgoingMessage(String(decoding: body, as: UTF8.self)), to: job.replyTo)
  }

  func store(_ outcome: Outcome, of key: ObjectKey, in bucket: String, requestID: RequestID? = nil) async throws {
    let body = try ClassificationAnswer(id: key.id, outcome: outcome, requestID: requestID).encoded()
    try await clients.s3.putObject(bucket: bucket, key: key.resultKey, body: .bytes(body))
  }

  /// What the model sees in an image whose name is `cat.jpg`: a cat.
  static func label(_ job: ClassificationJob) -> Outcome {
    let label = job.name.prefix { $0 != "." }
    return .success(classification(label.isEmpty ? "nothing" : String(label), job.key, name: job.name))
  }

  static func classification(_ label: String, _ key: ObjectKey, name: String = "image.jpg") -> Classification {
    Classification(
      key: key, name: name, candidates: [.init(label: label, wnid: nil, confidence: 0.5)], model: "stub",
      worker: "tests", timings: .init())
  }

  private func run() async {
    while !Task.isCancelled {
      guard let messages = try? await clients.sqs.receiveMessages(from: queueURL) else { continue }
      for message in messages {
        guard let job = try? ClassificationJob(decoding: message.body.utf8) else { continue }
        let object = try? await clients.s3.getObject(bucket: job.bucket, key: job.key.description, upTo: 64 << 20)
        let work = Work(number: works.count + 1, job: job, image: (object?.bytes).map(Fingerprint.init))
        works.append(work)
        if let outcome = answer(work) {
          try? await store(outcome, of: job.key, in: resultBucket, requestID: job.requestID)
          try? await send(outcome, to: job)
        }
        try? await clients.sqs.deleteMessage(message.receiptHandle, from: queueURL)
      }
      let due = waiters.filter { $0.count <= works.count }
      waiters.removeAll { $0.count <= works.count }
      for waiter in due { waiter.continuation.resume() }
    }
  }
}
