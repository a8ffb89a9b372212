import AWS
import AppTier
import EventLoop
import Foundation
import Jobs
import TestSupport
import Testing

/// What becomes of jobs that come more than once.
@Suite(
  "Jobs that come again", .serialized,
  .enabled(if: Fixtures.areHere, "needs the model, samples and a server of deploy/bootstrap"))
struct DeliveryTests {
  @Test("a job that somebody has done is answered from its result, and deleted", arguments: Bench.servers)
  func repeated(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let job = try await bench.makeJob(try Fixtures.image())
      let stored = Self.answer(for: job.key, label: "seen before")
      try await bench.store(try stored.encoded(), asResultOf: job)
      try await bench.send(job)
      try await bench.receiveInVain(1)
      let gate = Gate()
      gate.open()
      let worker = try bench.makeWorker(gate.recognition())
      worker.start()
      #expect(try await bench.answer() == stored)
      _ = await worker.drain()
      #expect(gate.arrivalCount == 0)
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
    }
  }

  @Test("a job that this worker has done a moment ago is not done again", arguments: Bench.servers)
  func remembered(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let job = try await bench.makeJob(try Fixtures.image())
      let gate = Gate()
      gate.open()
      let worker = try bench.makeWorker(gate.recognition())
      try await bench.send(job)
      worker.start()
      let first = try await bench.answer()
      try await bench.send(job)
      #expect(try await bench.answer() == first)
      _ = await worker.drain()
      #expect(gate.arrivalCount == 1)
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
    }
  }

  @Test(
    "a result that is not the job's own is not believed", arguments: Bench.servers,
    ["another's", "another key", "none"])
  func foreignResult(server: ServerUnderTest.Kind, fault: String) async throws {
    try await Bench.with(server) { bench in
      let job = try await bench.makeJob(try Fixtures.image())
      let other = try await bench.makeJob(nil)
      let key = ObjectKey(id: fault == "another key" ? job.id : other.id, fileName: "other.jpg")
      let result = try Self.answer(for: key, label: "wrong").encoded()
      try await bench.store(fault == "none" ? Array("{}".utf8) : result, asResultOf: job)
      try await bench.send(job)
      try await bench.receiveInVain(1)
      let gate = Gate()
      gate.open()
      let worker = try bench.makeWorker(gate.recognition())
      worker.start()
      let found = try await bench.answer()
      _ = await worker.drain()
      #expect(found.id == job.id)
      #expect(try ["missile", "projectile"].contains(found.outcome.get().label))
      #expect(try await bench.result(of: job).answer == found)
    }
  }

  @Test(
    "a job that fails for S3's sake at its last attempt is answered with an error, and becomes a dead letter",
    arguments: Bench.servers)
  func unavailable(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let job = try await bench.makeJob(try Fixtures.image())
      try await bench.clients.s3.deleteBucket(bench.names.outputBucket)
      try await bench.setReceiveCountMax(3)
      try await bench.send(job)
      let gate = Gate()
      gate.open()
      let worker = try bench.makeWorker(gate.recognition()) { limits in
        limits.receiveCountMax = 3
        limits.retryDelay = .zero
        limits.visibilityTimeout = .seconds(1)
        limits.receiveWait = .seconds(1)
      }
      worker.start()
      let answer = try await bench.answer()
      #expect(answer.id == job.id && answer.error?.code == .unavailable)
      let dead = try await bench.messages(1, from: bench.deadQueueURL)
      #expect(try ClassificationJob(decoding: dead[0].body.utf8).id == job.id)
      _ = await worker.drain()
      #expect(gate.arrivalCount == 2)
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
    }
  }

  @Test(
    "a job that was received as often as it may be tried is answered with an error instead, and becomes a dead letter",
    arguments: Bench.servers)
  func unfinished(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let job = try await bench.makeJob(try Fixtures.image())
      try await bench.send(job)
      try await bench.receiveInVain(WorkerLimits(concurrency: 1).attemptCountMax)
      let gate = Gate()
      gate.open()
      let worker = try bench.makeWorker(gate.recognition()) { limits in
        limits.visibilityTimeout = .seconds(1)
        limits.receiveWait = .seconds(1)
      }
      worker.start()
      let answer = try await bench.answer()
      #expect(answer.id == job.id && answer.error?.code == .internal)
      let dead = try await bench.messages(1, from: bench.deadQueueURL)
      #expect(try ClassificationJob(decoding: dead[0].body.utf8).id == job.id)
      _ = await worker.drain()
      #expect(gate.arrivalCount == 0)
      // The error is no result: taken out of the dead-letter queue, the job is done.
      try await bench.send(job)
      try await bench.receiveInVain(1)
      let next = try bench.makeWorker(gate.recognition())
      next.start()
      #expect(try await bench.answer().error == nil)
      _ = await next.drain()
    }
  }

  @Test(
    "a job that was answered and could not be deleted is not answered with an error as well", arguments: Bench.servers)
  func undeletable(server: ServerUnderTest.Kind) async throws {
    try await Bench.with(server) { bench in
      let job = try await bench.makeJob(try Fixtures.image())
      try await bench.send(job)
      let gate = Gate()
      defer { gate.open() }
      // Its first attempt is its last.
      let worker = try bench.makeWorker(gate.recognition()) { $0.receiveCountMax = 2 }
      worker.start()
      await gate.nextArrival()
      try await bench.clients.sqs.deleteQueue(bench.requestQueueURL)
      gate.open()
      #expect(try await bench.answer().error == nil)
      _ = await worker.drain()
      #expect(try await bench.depth(of: bench.replyQueueURL) == .init(visible: 0, hidden: 0))
    }
  }

  static func answer(for key: ObjectKey, label: String) -> ClassificationAnswer {
    ClassificationAnswer(
      id: key.id,
      outcome: .success(
        Jobs.Classification(
          key: key, name: "image", candidates: [.init(label: label, wnid: nil, confidence: 1)], model: "another",
          worker: "another", timings: .init())))
  }
}

extension ClassificationAnswer {
  var error: ClassificationError? {
    if case .failure(let error) = outcome { error } else { nil }
  }
}
