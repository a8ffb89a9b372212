import AWS
import AppTier
import EventLoop
import Foundation
import Jobs
import Recognition
import TestSupport
import Testing

/// The worker whole, with the real model, against real servers of S3 and SQS.
@Suite(
  "The worker", .serialized, .enabled(if: Fixtures.areHere, "needs the model, samples and a server of deploy/bootstrap")
)
struct WorkerTests {
  @Test("an image is classified, its result stored, its answer sent, its job deleted", arguments: Bench.servers)
  func goodImage(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let job = try await bench.makeJob(try Fixtures.image(), name: "Rakete 1.jpg")
      let gate = Gate()
      defer { gate.open() }
      let worker = try bench.makeWorker(gate.recognition())
      try await bench.process(job, with: worker, gate)

      let answer = try await bench.answer()
      let classification = try answer.outcome.get()
      #expect(answer.id == job.id)
      #expect(["missile", "projectile"].contains(classification.label))
      #expect((classification.key, classification.name) == (job.key, "Rakete 1.jpg"))
      #expect((classification.model, classification.worker) == ("efficientnet-lite0", "bench"))
      #expect(classification.modelVersion == "0.1.0")
      #expect(classification.top.count == 5)
      let timings = classification.timings
      for timing in [timings.queue, timings.fetch, timings.decode, timings.classify, timings.total] {
        #expect(try #require(timing) >= 0)
      }
      let stored = try await bench.result(of: job)
      #expect(stored.answer == answer)
      #expect(stored.contentType == "application/json")
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
    }
  }

  @Test("what cannot be decoded is answered with an error, stored and deleted", arguments: Bench.servers)
  func undecodable(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let damaged = try await bench.makeJob(Array(try Fixtures.image().prefix(300)))
      let text = try await bench.makeJob(Array("no image".utf8))
      let gate = Gate()
      gate.open()
      let worker = try bench.makeWorker(gate.recognition())
      for (job, code) in [(damaged, ClassificationError.Code.undecodableImage), (text, .unsupportedFormat)] {
        try await bench.send(job)
        if gate.arrivalCount == 0 { worker.start() }
        let answer = try await bench.answer()
        #expect(answer.id == job.id)
        #expect(throws: ClassificationError.self) { try answer.outcome.get() }
        #expect(answer.outcome.error?.code == code)
        #expect(try await bench.result(of: job).answer == answer)
      }
      _ = await worker.drain()
      #expect(gate.arrivalCount == 2)
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
    }
  }

  @Test("an image that is not in the bucket, or too large, is answered with an error", arguments: Bench.servers)
  func unfetchable(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let missing = try await bench.makeJob(nil)
      let large = try await bench.makeJob([UInt8](repeating: 7, count: 2000))
      let worker = try bench.makeWorker { $0.imageByteCountMax = 1999 }
      try await bench.send(missing, large)
      worker.start()
      let answers = try await bench.answers(2)
      _ = await worker.drain()
      let codes = Dictionary(uniqueKeysWithValues: answers.map { ($0.id, $0.outcome.error?.code) })
      #expect(codes == [missing.id: .imageMissing, large.id: .imageTooLarge])
      #expect(try await bench.result(of: missing).answer.outcome.error?.code == .imageMissing)
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
    }
  }

  @Test(
    "a message that is no job of ours goes to the dead-letter queue, and keeps nothing else waiting",
    arguments: Bench.servers, ["not JSON", "another bucket"])
  func malformed(server: ServerUnderTest.Kind, fault: String) async throws {
    try await Bench.with(server) { bench in
      let elsewhere = try await bench.makeJob(try Fixtures.image(), bucket: "another-bucket")
      let body = fault == "not JSON" ? "{\"v\":1," : String(decoding: try elsewhere.encoded(), as: UTF8.self)
      let good = try await bench.makeJob(try Fixtures.image())
      try await bench.setReceiveCountMax(2)
      let worker = try bench.makeWorker { limits in
        limits.visibilityTimeout = .seconds(1)
        limits.receiveWait = .seconds(1)
      }
      try await bench.send([body])
      try await bench.send(good)
      worker.start()
      #expect(try await bench.answer().id == good.id)
      let dead = try await bench.messages(1, from: bench.deadQueueURL)
      #expect(dead[0].body == body)
      _ = await worker.drain()
      #expect(try await bench.depth(of: bench.replyQueueURL) == .init(visible: 0, hidden: 0))
      await #expect(throws: AWSError.self) { try await bench.result(of: elsewhere) }
    }
  }

  @Test(
    "nothing is sent to a queue that is not a reply queue of ours, but the result is stored", arguments: Bench.servers)
  func foreignReplyQueue(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let foreign = try await bench.clients.sqs.createQueue("foreign-\(UUID().uuidString.prefix(8))")
      let job = try await bench.makeJob(try Fixtures.image(), replyTo: foreign)
      let gate = Gate()
      defer { gate.open() }
      try await bench.process(job, with: try bench.makeWorker(gate.recognition()), gate)
      #expect(try await bench.depth(of: foreign) == .init(visible: 0, hidden: 0))
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
      #expect(try await bench.result(of: job).answer.id == job.id)
    }
  }

  @Test("a job whose web process is gone is done when its result is stored", arguments: Bench.servers)
  func replyQueueGone(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let job = try await bench.makeJob(try Fixtures.image())
      try await bench.clients.sqs.deleteQueue(bench.replyQueueURL)
      let gate = Gate()
      defer { gate.open() }
      try await bench.process(job, with: try bench.makeWorker(gate.recognition()), gate)
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
      #expect(try await bench.result(of: job).answer.id == job.id)
    }
  }

  @Test(
    "a worker told to stop gives back at once what it has not begun, and finishes the rest", arguments: Bench.servers)
  func drain(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      var jobs: [ClassificationJob] = []
      for _ in 0..<3 { jobs.append(try await bench.makeJob(try Fixtures.image())) }
      try await bench.send(jobs[0], jobs[1], jobs[2])
      let gate = Gate()
      defer { gate.open() }
      let worker = try bench.makeWorker(gate.recognition())
      worker.start()
      await gate.nextArrival()
      #expect(worker.heldCount == 3)

      let drain = EventLoop.shared.start { await worker.drain() }
      // Visible again although the first is still being recognised.
      let back = try await bench.messages(2, from: bench.requestQueueURL, deleting: false)
      gate.open()
      let summary = try await drain.value
      #expect((summary.finishedCount, summary.givenBackCount, summary.abandonedCount) == (1, 2, 0))
      #expect(gate.arrivalCount == 1)
      let answered = try await bench.answer().id
      let given = try back.map { try ClassificationJob(decoding: $0.body.utf8).id }
      #expect(Set(given + [answered]) == Set(jobs.map(\.id)))
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 2))
    }
  }

  @Test("what is not finished when the drain's time is over is given back", arguments: Bench.servers)
  func drainTimeout(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let job = try await bench.makeJob(try Fixtures.image())
      try await bench.send(job)
      let gate = Gate()
      defer { gate.open() }
      let worker = try bench.makeWorker(gate.recognition()) { $0.drainTimeout = .milliseconds(10) }
      worker.start()
      await gate.nextArrival()
      let summary = await worker.drain()
      #expect((summary.finishedCount, summary.givenBackCount, summary.abandonedCount) == (0, 0, 1))
      let back = try await bench.messages(1, from: bench.requestQueueURL)
      #expect(try ClassificationJob(decoding: back[0].body.utf8).id == job.id)
    }
  }

  @Test("a job that takes longer than the visibility timeout stays with its worker", arguments: Bench.servers)
  func heartbeat(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      // One is being recognised, the other waits for its turn: both are held.
      try await bench.send(
        try await bench.makeJob(try Fixtures.image()), try await bench.makeJob(try Fixtures.image()))
      let gate = Gate()
      defer { gate.open() }
      let worker = try bench.makeWorker(gate.recognition()) { limits in
        limits.visibilityTimeout = .seconds(4)
        limits.receiveWait = .zero
        // Room for no third: the worker does not receive its own jobs again.
        limits.prefetchCount = 1
      }
      worker.start()
      await gate.nextArrival()
      #expect(worker.heldCount == 2)
      let stolen = try await bench.clients.sqs.receiveMessages(from: bench.requestQueueURL, wait: .seconds(5))
      #expect(stolen == [])
      gate.open()
      #expect(try await Set(bench.answers(2).map(\.id)).count == 2)
      _ = await worker.drain()
      #expect(gate.arrivalCount == 2)
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
    }
  }

  @Test("a job that S3 would not store comes back after a pause, and succeeds when S3 does", arguments: Bench.servers)
  func storeFails(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let job = try await bench.makeJob(try Fixtures.image())
      try await bench.clients.s3.deleteBucket(bench.names.outputBucket)
      try await bench.send(job)
      let gate = Gate()
      gate.open()
      let worker = try bench.makeWorker(gate.recognition()) { $0.retryDelay = .seconds(1) }
      worker.start()
      await gate.nextArrival()
      // A second arrival is the proof of the first failure; by visibility alone it would take a minute.
      await gate.nextArrival()
      try await bench.clients.s3.createBucket(bench.names.outputBucket)
      #expect(try await bench.answer().id == job.id)
      _ = await worker.drain()
      #expect(try await bench.result(of: job).answer.id == job.id)
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
    }
  }

  @Test("an inference that fails is tried three times, then the client is told", arguments: Bench.servers)
  func inferenceFails(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let job = try await bench.makeJob(try Fixtures.image())
      try await bench.send(job)
      let gate = Gate()
      gate.open()
      let worker = try bench.makeWorker(
        gate.recognition { _ throws(RecognitionError) in throw .unclassified(.inference("no numbers")) }
      ) { $0.retryDelay = .zero }
      worker.start()
      let answer = try await bench.answer()
      #expect(answer.outcome.error?.code == .internal)
      #expect(gate.arrivalCount == 3)
      _ = await worker.drain()
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
    }
  }

  @Test("forty jobs are answered once each, no more at once than allowed", arguments: Bench.servers)
  func many(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let image = try Fixtures.image()
      var jobs: [ClassificationJob] = []
      for _ in 0..<40 { jobs.append(try await bench.makeJob(image)) }
      for start in stride(from: 0, to: 40, by: 10) {
        try await bench.send(jobs[start..<start + 10].map { try String(decoding: $0.encoded(), as: UTF8.self) })
      }
      let gate = Gate()
      gate.open()
      let worker = try bench.makeWorker(gate.recognition(), concurrency: 2)
      worker.start()
      let answers = try await bench.answers(40)
      _ = await worker.drain()
      #expect(Set(answers.map(\.id)) == Set(jobs.map(\.id)))
      #expect(gate.insideMax <= 2)
      #expect(gate.arrivalCount == 40)
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
      #expect(try await bench.depth(of: bench.replyQueueURL) == .init(visible: 0, hidden: 0))
    }
  }

  @Test("a worker waits for queue and buckets, and says what it has waited for", arguments: Bench.servers)
  func start(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      _ = try await bench.open(within: .milliseconds(300))
      try await bench.clients.sqs.deleteQueue(bench.requestQueueURL)
      do throws(WorkerStartError) {
        _ = try await bench.open(within: .milliseconds(300))
        Issue.record("it found a queue that is not there")
      } catch {
        #expect(error.description.contains(bench.names.queues.requests))
      }
      let opening = EventLoop.shared.start { _ = try await bench.open(within: .seconds(60)) }
      _ = try await bench.clients.sqs.createQueue(bench.names.queues.requests)
      try await opening.value
    }
  }
}

extension Result {
  fileprivate var error: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
