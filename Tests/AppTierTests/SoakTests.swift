import AWS
import AppTier
import EventLoop
import Foundation
import Glibc
import Jobs
import Recognition
import TestSupport
import Testing

/// The short form of `bench/delivery`.
@Suite(
  "Jobs through workers that die", .serialized,
  .enabled(
    if: Fixtures.areHere && WorkerProcess.isBuilt && Bench.servers.contains(.localCloud),
    "needs the binaries, the model and the samples of deploy/bootstrap"))
struct SoakTests {
  static let jobCount = 300
  /// Answers from one killed or paused worker to the next.
  static let step = 40

  @Test("each is answered rightly although workers are killed and paused; dead letters are the poisoned messages")
  func soak() async throws {
    try await Bench.with(.localCloud) { bench in
      let samples = ["rocket.jpg", "coffee.png", "chelsea.png", "camera.png"]
      var images: [[UInt8]] = []
      var labels: [String] = []
      let recognizer = try Fixtures.recognizer()
      for sample in samples {
        let bytes = try TestSupport.Fixtures.bytes(TestSupport.Fixtures.sample(sample))
        images.append(bytes)
        labels.append(try #require(try recognizer.recognize(bytes).top.first?.label))
      }

      var expected: [JobID: String] = [:]
      var bodies: [String] = []
      for index in 0..<Self.jobCount {
        let job = try await bench.makeJob(images[index % images.count], name: "\(index)")
        expected[job.id] = labels[index % images.count]
        let body = String(decoding: try job.encoded(), as: UTF8.self)
        bodies += index % 10 == 0 ? [body, body] : [body]
      }
      let poison = ["no JSON", bodies[5].replacingOccurrences(of: bench.names.inputBucket, with: "another-bucket")]
      bodies.insert(poison[0], at: 10)
      bodies.insert(poison[1], at: 100)
      for start in stride(from: 0, to: bodies.count, by: 10) {
        try await bench.send(Array(bodies[start..<min(start + 10, bodies.count)]))
      }

      func startWorker() async throws -> WorkerProcess {
        try await WorkerProcess(for: bench, ["--visibility-timeout", "1"])
      }
      var workers = [try await startWorker(), try await startWorker()]
      defer { for worker in workers { kill(worker.process.processIdentifier, SIGKILL) } }
      var answered: Set<JobID> = []
      var turn = 0
      while answered.count < Self.jobCount {
        for message in try await bench.messages(1, from: bench.replyQueueURL) {
          let answer = try ClassificationAnswer(decoding: message.body.utf8)
          let label = try answer.outcome.get().label
          #expect(label == expected[answer.id])
          answered.insert(answer.id)
        }
        guard answered.count >= (turn + 1) * Self.step else { continue }
        let place = turn % workers.count
        if turn.isMultiple(of: 3) {
          // Others get its jobs while it still has them.
          kill(workers[place].process.processIdentifier, SIGSTOP)
          try await sleep(for: .seconds(2))
          kill(workers[place].process.processIdentifier, SIGCONT)
        } else {
          kill(workers[place].process.processIdentifier, SIGKILL)
          _ = await workers[place].process.exit()
          workers[place] = try await startWorker()
        }
        turn += 1
      }
      let dead = try await bench.messages(poison.count, from: bench.deadQueueURL)
      #expect(dead.map(\.body).sorted() == poison.sorted())
      // A second copy of the last may still be under way.
      while try await bench.depth(of: bench.requestQueueURL) != .init(visible: 0, hidden: 0) {
        try await sleep(for: .milliseconds(50))
      }
      for worker in workers {
        // The last may have been started when the others had little left to do; only what has started ends in order.
        _ = await worker.firstLine()
        worker.process.send(signal: SIGTERM)
        #expect(await worker.process.exit() == .exited(0))
      }
      for queue in [bench.requestQueueURL, bench.deadQueueURL] {
        #expect(try await bench.depth(of: queue) == .init(visible: 0, hidden: 0))
      }
    }
  }
}
