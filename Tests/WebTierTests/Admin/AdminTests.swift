import AWS
import EventLoop
import Foundation
import Jobs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("What /admin tells and does")
  struct AdminTests {
    private static let server = Bench.servers.suffix(1)
    private static let local = Bench.servers.filter { $0 == .localCloud }
    private static let moto = Bench.servers.filter { $0 == .moto }

    @LoopActor private static func document(_ bench: Bench, _ path: String = "/admin/state") async throws -> [String:
      Any]
    {
      let response = try await AdminAccessTests.ask(bench, path)
      #expect(response.status == 200 && response.headers["cache-control"] == "no-store", "\(response.text)")
      return try #require(response.json as? [String: Any])
    }

    @LoopActor private static func redrive(_ bench: Bench) async throws -> Client.Response {
      let fields = "Content-Type: application/json\r\nContent-Length: 2\r\n"
      let client = try await bench.connect()
      defer { client.close() }
      client.send("POST /admin/redrive HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n{}")
      return try await client.response()
    }

    /// Waits until a document is as wanted.
    @LoopActor private static func wait(
      _ bench: Bench, _ path: String = "/admin/state", for isWanted: ([String: Any]) -> Bool
    ) async throws -> [String: Any] {
      for _ in 0..<1500 {
        let found = try await document(bench, path)
        if isWanted(found) { return found }
        try await sleep(for: .milliseconds(20))
      }
      Issue.record("\(path) stays \(try await document(bench, path))")
      return [:]
    }

    @Test(
      "it has the numbers of /metrics, the workers by their answers and the last problems", arguments: Bench.servers)
    func state(server: ServerUnderTest.Kind) async throws {
      var setting = MetricsTests.timed
      setting.limits.activity.tick = .milliseconds(20)
      setting.limits.activity.historyTickCount = 2
      setting.limits.activity.historySampleCount = 10
      try await Bench.with(server, setting) { bench in
        for _ in 0..<3 { #expect(try await bench.answer(to: Request.post(Form.file(photograph(5000)))).status == 200) }
        let named = Request.post(Form.file(Array("no image".utf8)), headers: "X-Request-Id: my-request\r\n")
        #expect(try await bench.answer(to: named).status == 415)
        #expect(try await bench.get("/a/secret/path").status == 404)

        let state = try await Self.wait(bench) { document in
          let queues = [document["requestQueue"], document["deadLetterQueue"]].compactMap { $0 as? [String: Any] }
          return queues.count == 2 && queues.allSatisfy { ($0["depth"] as? [String: Int])?["visible"] == 0 }
            && ((document["history"] as? [String: Any])?["samples"] as? [Any])?.count == 10
        }
        let metrics = try await bench.metrics()
        let images = try #require(state["images"] as? [String: Int])
        for (outcome, count) in images {
          #expect(metrics["saccade_images_total", ["outcome": outcome]] == Double(count))
        }
        #expect(images["answered"] == 3 && images["refused"] == 1)
        let inference = try #require((state["stages"] as? [String: [String: Double]])?["inference"])
        #expect(inference["count"] == 3 && abs((inference["mean"] ?? 0) - 8) < 1e-6)
        let seen = try #require((state["workers"] as? [String: Any])?["seen"] as? [[String: Any]])
        #expect(seen.count == 1 && seen[0]["name"] as? String == "tests" && seen[0]["model"] as? String == "stub")
        #expect(seen[0]["answers"] as? Int == 3 && abs((seen[0]["meanInference"] as? Double ?? 0) - 8) < 1e-6)

        let problems = try #require(state["recentProblems"] as? [[String: Any]])
        let refused = try #require(problems.first { $0["requestID"] as? String == "my-request" })
        #expect(refused["code"] as? String == "not-an-image" && refused["status"] as? Int == 415)
        #expect(refused["route"] as? String == "/v1/images")
        #expect((refused["detail"] as? String)?.hasPrefix("The file does not begin like") == true)
        let missing = try #require(problems.first { $0["code"] as? String == "no-such-route" })
        #expect(missing["route"] as? String == "other" && missing["detail"] == nil)
        #expect(!"\(state)".contains("secret"))
        let identity = try #require(state["identity"] as? [String: Any])
        #expect(identity["pid"] as? Int == Int(getpid()) && identity["index"] as? Int == 0)
      }
    }

    @Test("so many problems are kept, the service's own beside those of its clients", arguments: server)
    func problems(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting(answer: { work in
        .failure(.init(code: .unavailable, message: String(repeating: "ä", count: 500)))
      })
      setting.limits.activity.problemCountMax = 3
      setting.limits.activity.problemDetailByteCountMax = 99
      try await Bench.with(server, setting) { bench in
        #expect(try await bench.answer(to: Request.post(Form.file(photograph(50)))).status == 502)
        for number in 0..<10 { #expect(try await bench.get("/v1/results/\(number)").status == 404) }
        // A header of its client's makes this one too long to be kept.
        let type = String(repeating: "x", count: 4000)
        #expect(try await bench.answer(to: Request.post([1], type: type)).status == 415)
        let recent = try #require(try await Self.document(bench)["recentProblems"] as? [[String: Any]])
        #expect(recent.map { $0["status"] as? Int } == [415, 404, 404, 502])
        #expect(recent[0]["code"] as? String == "unsupported-media-type" && recent[0]["detail"] == nil)
        let detail = try #require(recent[3]["detail"] as? String)
        #expect(detail.hasSuffix("…") && detail.utf8.count <= 99 + 6)
      }
    }

    @Test("dead letters are told, stay where they are, and are sent again", arguments: local)
    func deadLetters(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, .unanswered) { bench in
        let names = try QueueNames(prefix: bench.configuration.queuePrefix)
        let requests = try await bench.clients.sqs.queueURL(of: names.requests)
        await bench.worker.stop()
        try await bench.clients.sqs.sendMessage(SQSOutgoingMessage("no job at all"), to: requests)
        // The last one finds that it has been received too often.
        for _ in 0...Installation.receiveCountMax {
          _ = try await bench.clients.sqs.receiveMessages(from: requests, wait: .zero, visibilityTimeout: .zero)
        }
        _ = try await Self.wait(bench) { document in
          let queue = document["deadLetterQueue"] as? [String: Any]
          return (queue?["depth"] as? [String: Int])?["visible"] == 1
        }
        // Looked at twice: the first time has not hidden it.
        for _ in 0..<2 {
          let list = try #require(try await Self.document(bench, "/admin/dead-letters")["messages"] as? [[String: Any]])
          try #require(list.count == 1)
          #expect(list[0]["byteCount"] as? Int == 13 && list[0]["job"] == nil)
          #expect((list[0]["reason"] as? String)?.hasPrefix("It is no job. ") == true)
        }
        #expect(try await Self.document(bench, "/admin/redrive")["task"] == nil)
        let started = try await Self.redrive(bench)
        #expect(started.status == 202 && started.headers["location"] == "/admin/redrive")
        let done = try await Self.wait(bench, "/admin/redrive") {
          ($0["task"] as? [String: Any])?["status"] as? String == "completed"
        }
        #expect((done["task"] as? [String: Any])?["moved"] as? Int == 1)
      }
    }

    @Test("of a dead job it is told which one it was, and what came of it", arguments: Bench.servers)
    func deadJobs(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, .unanswered) { bench in
        let names = try QueueNames(prefix: bench.configuration.queuePrefix)
        let dead = try await bench.clients.sqs.queueURL(of: names.dead)
        @LoopActor func bury(_ name: String, in bucket: String? = nil) async throws -> ClassificationJob {
          let job = ClassificationJob(
            key: ObjectKey(id: JobIDSource().next(), fileName: name), bucket: bucket ?? bench.configuration.inputBucket,
            name: name, replyTo: "https://sqs.example/1/replies", receivedAt: Date(), requestID: RequestID("of-\(name)")
          )
          let body = String(decoding: try job.encoded(), as: UTF8.self)
          try await bench.clients.sqs.sendMessage(SQSOutgoingMessage(body), to: dead)
          return job
        }
        let lost = try await bury("lost.jpg")
        let done = try await bury("done.jpg")
        _ = try await bury("elsewhere.jpg", in: "another-bucket")
        try await bench.store(StubWorker.label(done), of: done.key)
        let list = try #require(try await Self.document(bench, "/admin/dead-letters")["messages"] as? [[String: Any]])
        let reasons = Dictionary(
          uniqueKeysWithValues: list.compactMap { letter in
            (letter["job"] as? [String: Any]).map { ($0["name"] as? String ?? "", letter["reason"] as? String ?? "") }
          })
        #expect(reasons.count == 3)
        #expect(reasons["lost.jpg"]?.hasPrefix("It has no result: ") == true)
        #expect(reasons["done.jpg"]?.hasPrefix("It was done (done), ") == true)
        #expect(reasons["elsewhere.jpg"]?.contains("\"another-bucket\"") == true)
        let first = try #require(
          list.compactMap { $0["job"] as? [String: Any] }.first { $0["name"] as? String == "lost.jpg" })
        #expect(first["id"] as? String == lost.id.description && first["requestID"] as? String == "of-lost.jpg")
      }
    }

    @Test("what SQS refuses is told in its words", arguments: moto)
    func unsupported(server: ServerUnderTest.Kind) async throws {
      // This server does not know the operation.
      try await Bench.with(server) { bench in
        let refused = try await Self.redrive(bench)
        #expect(refused.status == 502 || refused.status == 409)
        #expect(refused.member("detail")?.contains("StartMessageMoveTask") == true, "\(refused.text)")
      }
    }

    @Test("the dead-letter queue is asked while the page is open, and listed only on request", arguments: server)
    func cost(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.limits.activity.tick = .milliseconds(20)
      setting.limits.activity.queuePause = .milliseconds(20)
      setting.limits.activity.deadLetterPause = .milliseconds(20)
      setting.limits.activity.adminInterest = .milliseconds(200)
      try await Bench.with(server, setting) { bench in
        _ = try await Self.wait(bench) { ($0["deadLetterQueue"] as? [String: Any])?["depth"] != nil }
        // The last may have been under way.
        try await sleep(for: .seconds(1))
        let after = bench.callCount("GetQueueAttributes")
        try await sleep(for: .milliseconds(200))
        #expect(bench.callCount("GetQueueAttributes") == after)
        #expect(bench.callCount("ListMessageMoveTasks") == 0)
        #expect(bench.callCount("ChangeMessageVisibilityBatch") == 0)
      }
    }

    @Test("who supervises the workers is asked for them, and may be silent", arguments: server)
    func fleet(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.limits.activity.tick = .milliseconds(20)
      let answers = FleetAnswers()
      setting.fleet = { await answers.next() }
      try await Bench.with(server, setting) { bench in
        let state = try await Self.wait(bench) { ($0["workers"] as? [String: Any])?["fleet"] != nil }
        let workers = try #require(state["workers"] as? [String: Any])
        #expect(workers["ready"] as? Int == 2 && workers["busy"] as? Int == 1)
        let fleet = try #require(workers["fleet"] as? [String: Any])
        #expect(fleet["wanted"] as? Int == 3 && fleet["maximum"] as? Int == 4)
        #expect((fleet["workers"] as? [[String: Any]])?.first?["stage"] as? String == "busy")
        answers.isSilent = true
        _ = try await Self.wait(bench) {
          let workers = $0["workers"] as? [String: Any]
          return workers?["fleet"] == nil && workers?["ready"] == nil
        }
      }
    }

    /// A supervisor.
    @LoopActor private final class FleetAnswers {
      var isSilent = false
      nonisolated init() {}

      func next() async -> FleetSnapshot? {
        isSilent
          ? nil
          : FleetSnapshot(
            minimum: 1, maximum: 4, wanted: 3, ready: 2, busy: 1,
            workers: [.init(name: "worker 1", pid: 7, stage: "busy", held: 2, restarts: 0)])
      }
    }
  }
}
