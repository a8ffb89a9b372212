import EventLoop
import Jobs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("Asynchronous answers")
  struct ResultsTests {
    /// For what does not depend on the kind of server.
    static let server = Bench.servers.last

    @Test("respond-async is answered once the job is queued, and the result comes later", arguments: Bench.servers)
    func respondAsync(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, .unanswered) { bench in
        let request = Request.post(Form.file(photograph(5000)), headers: "Prefer: respond-async\r\n")
        let response = try await bench.answer(to: request)
        #expect(response.status == 202)
        #expect(response.headers["preference-applied"] == "respond-async")
        #expect(response.headers["cache-control"] == "no-store")
        #expect(response.headers["retry-after"] == "2")
        let location = try #require(response.headers["location"])
        #expect(response.member("location") == location)
        let job = await bench.worker.work(1).job
        #expect(location == "/v1/results/\(job.id)")

        let early = try await bench.get(location)
        #expect(early.status == 202)
        #expect(early.headers["location"] == location)
        #expect(early.headers["cache-control"] == "no-store")
        try await bench.store(StubWorker.label(job), of: job.key)
        let late = try await bench.get(location)
        #expect(late.status == 200)
        #expect(late.member("label") == "image")
        #expect(late.headers["cache-control"] == "private, max-age=31536000, immutable")
        try await bench.isIdle()
      }
    }

    @Test("a wait that passes is answered 202, one that does not with the answer", arguments: Bench.servers)
    func wait(server: ServerUnderTest.Kind) async throws {
      let setting = Bench.Setting { $0.job.name == "slow.jpg" ? nil : StubWorker.label($0.job) }
      try await Bench.with(server, setting) { bench in
        func answer(_ name: String, _ preference: String) async throws -> Client.Response {
          let form = Form.file(photograph(5000), name: name)
          return try await bench.answer(to: Request.post(form, headers: "Prefer: \(preference)\r\n"))
        }
        let slow = try await answer("slow.jpg", "wait=1")
        #expect(slow.status == 202 && slow.headers["preference-applied"] == "wait=1")
        let both = try await answer("slow.jpg", "respond-async, wait=0")
        #expect(both.status == 202 && both.headers["preference-applied"] == "respond-async, wait=0")
        let fast = try await answer("fast.jpg", "respond-async, wait=20")
        #expect(fast.status == 200 && fast.headers["preference-applied"] == "wait=20")
        #expect(fast.member("label") == "fast")
      }
    }

    @Test("who expresses no preference waits for the tier's own time", arguments: Bench.servers)
    func answerTimeout(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting.unanswered
      setting.limits.answerTimeout = .milliseconds(50)
      try await Bench.with(server, setting) { bench in
        for preference in ["", "Prefer: wait=10\r\n"] {
          let response = try await bench.answer(to: Request.post(Form.file(photograph(50)), headers: preference))
          #expect(response.status == 202)
          #expect(response.headers["preference-applied"] == nil)
        }
        let text = try await bench.answer(to: Request.post(Form.file(photograph(50)), to: "/"))
        #expect(text.status == 202)
        #expect(text.text == "pending: \(try #require(text.headers["location"]))\n")
      }
    }

    @Test("of a form's files each is told by itself: answered, failed or pending", arguments: Bench.servers)
    func partialForm(server: ServerUnderTest.Kind) async throws {
      let setting = Bench.Setting { work in
        switch work.job.name {
        case "slow.jpg": nil
        case "bad.jpg": .failure(.init(code: .undecodableImage, message: "It is broken."))
        default: StubWorker.label(work.job)
        }
      }
      try await Bench.with(server, setting) { bench in
        var form = Form()
        for (number, name) in ["slow", "good", "bad"].enumerated() {
          form.addFile(photograph(1000 + number), name: name + ".jpg")
        }
        let list = try await bench.answer(to: Request.post(form.closed(), headers: "Prefer: wait=2\r\n"))
        #expect(list.status == 202 && list.outcomes == ["pending", "good", "undecodable-image"])
        #expect(list.headers["preference-applied"] == "wait=2" && list.headers["retry-after"] == "2")
        // The list is nowhere to be found again; what is pending says where it will be.
        #expect(list.headers["location"] == nil)
        let pending = try #require((list.json as? [[String: Any]])?.first?["location"] as? String)
        let slow = try #require(bench.worker.works.first { $0.job.name == "slow.jpg" }).job
        #expect(pending == "/v1/results/\(slow.id)")

        let text = try await bench.answer(to: Request.post(form.closed(), to: "/", headers: "Prefer: wait=2\r\n"))
        let lines = text.text.split(separator: "\n")
        #expect(text.status == 202 && lines.count == 3)
        #expect(lines[0].hasPrefix("pending: /v1/results/") && lines[1] == "good" && lines[2] == "error: It is broken.")
      }
    }

    @Test("the answer to a job whose client was sent away wakes all who wait for it", arguments: Bench.servers)
    func wakes(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, .unanswered) { bench in
        let response = try await bench.answer(
          to: Request.post(Form.file(photograph(5000), name: "owl.jpg"), headers: "Prefer: respond-async\r\n"))
        let location = try #require(response.headers["location"])
        let job = await bench.worker.work(1).job
        let clients = try await bench.poll(location + "?wait=60", count: 5)
        // The answer is stored nowhere: it can come by the reply queue only.
        try await bench.worker.send(StubWorker.label(job), to: job)
        for client in clients {
          let response = try await client.response()
          #expect(response.status == 200 && response.member("label") == "owl")
          client.close()
        }
        try await bench.isIdle()
        #expect(!(try await bench.get("/metrics").text.contains("operation=\"GetObject\"")))
      }
    }

    @Test("who waits for a result does not depend on the client that sent the image", arguments: Bench.servers)
    func firstLeaves(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, .unanswered) { bench in
        let first = try await bench.connect()
        first.send(Request.post(Form.file(photograph(5000), name: "owl.jpg")))
        let job = await bench.worker.work(1).job
        let second = try await bench.poll("/v1/results/\(job.id)?wait=60", count: 1)[0]
        first.close()
        try await bench.wait(for: "saccade_pending_answers") { $0 == 1 }
        try await bench.worker.send(StubWorker.label(job), to: job)
        #expect(try await second.response().member("label") == "owl")
        second.close()
        try await bench.isIdle()
      }
    }

    @Test("an answer that another process asked for is found in the bucket", arguments: Bench.servers)
    func foreign(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        let key = ObjectKey(id: JobIDSource().next(), fileName: "lynx.jpg")
        try await bench.storeImage(photograph(10), key)
        let client = try await bench.poll("/v1/results/\(key.id)?wait=60", count: 1)[0]
        try await bench.store(.success(StubWorker.classification("lynx", key)), of: key)
        let response = try await client.response()
        #expect(response.status == 200 && response.member("label") == "lynx")
        client.close()
        // It is there now: nobody has to wait.
        #expect(try await bench.get("/v1/results/\(key.id)?wait=60").member("label") == "lynx")
        try await bench.isIdle()
      }
    }

    @Test("a result is as its client would have got it: a label for who asks for text, a problem for a bad image")
    func formats() async throws {
      try await Bench.with(try #require(Self.server)) { bench in
        let good = ObjectKey(id: JobIDSource().next(), fileName: "lynx.jpg")
        try await bench.store(.success(StubWorker.classification("lynx", good)), of: good)
        let text = try await bench.get("/v1/results/\(good.id)", headers: "Accept: text/plain\r\n")
        #expect(text.text == "lynx\n" && text.headers["vary"] == "Accept")
        let both = try await bench.get("/v1/results/\(good.id)", headers: "Accept: text/plain, application/json\r\n")
        #expect(both.member("label") == "lynx")

        let bad = ObjectKey(id: JobIDSource().next(), fileName: "bad.jpg")
        try await bench.store(.failure(.init(code: .undecodableImage, message: "Broken.")), of: bad)
        let problem = try await bench.get("/v1/results/\(bad.id)")
        #expect(problem.status == 422 && problem.code == "undecodable-image")
        #expect(problem.headers["cache-control"] == "private, max-age=31536000, immutable")

        let failed = ObjectKey(id: JobIDSource().next(), fileName: "failed.jpg")
        try await bench.store(.failure(.init(code: .internal, message: "Ours.")), of: failed)
        let failure = try await bench.get("/v1/results/\(failed.id)")
        #expect(failure.status == 502 && failure.headers["cache-control"] == "no-store")
      }
    }

    @Test("what is unknown or malformed is said at once, whatever the wait")
    func unknown() async throws {
      try await Bench.with(try #require(Self.server)) { bench in
        for id in ["\(JobIDSource().next())", "x", "", "..%2f", "00000000-0000-4000-8000-000000000000"] {
          let response = try await bench.get("/v1/results/\(id)?wait=60")
          #expect(response.status == 404 && response.code == "unknown-id")
        }
        for wait in ["-1", "+1", "x", "", "1.5", "%zz", "1&wait=1"] {
          let response = try await bench.get("/v1/results/\(JobIDSource().next())?wait=\(wait)")
          #expect(response.status == 400 && response.code == "malformed-wait", "\(wait)")
        }
        try await bench.isIdle()
      }
    }

    @Test("nobody waits longer than anybody may")
    func longest() async throws {
      var setting = Bench.Setting()
      setting.limits.longPollDurationMax = .milliseconds(20)
      try await Bench.with(try #require(Self.server), setting) { bench in
        let key = ObjectKey(id: JobIDSource().next(), fileName: "lynx.jpg")
        try await bench.storeImage(photograph(10), key)
        for wait in ["\(Int.max)", "99999999999999999999"] {
          #expect(try await bench.get("/v1/results/\(key.id)?wait=\(wait)").status == 202)
        }
        try await bench.isIdle()
      }
    }

    @Test("no more wait at once than may; the next is sent away at once")
    func bound() async throws {
      var setting = Bench.Setting()
      setting.limits.longPollCountMax = 2
      try await Bench.with(try #require(Self.server), setting) { bench in
        let key = ObjectKey(id: JobIDSource().next(), fileName: "lynx.jpg")
        try await bench.storeImage(photograph(10), key)
        let clients = try await bench.poll("/v1/results/\(key.id)?wait=60", count: 2)
        let refused = try await bench.get("/v1/results/\(key.id)?wait=60")
        #expect(refused.status == 202 && refused.headers["retry-after"] == "2")
        // A client that leaves makes room at once.
        clients[0].close()
        try await bench.wait(for: "saccade_pending_answers") { $0 == 1 }
        let next = try await bench.poll("/v1/results/\(key.id)?wait=60", count: 1, beside: 1)[0]
        next.close()
        clients[1].close()
        try await bench.isIdle()
      }
    }

    @Test("a process that stops sends away who waits for a result")
    func stopping() async throws {
      try await Bench.with(try #require(Self.server)) { bench in
        let key = ObjectKey(id: JobIDSource().next(), fileName: "lynx.jpg")
        try await bench.storeImage(photograph(10), key)
        let client = try await bench.poll("/v1/results/\(key.id)?wait=60", count: 1)[0]
        let stop = EventLoop.shared.start { await bench.tier.stop(within: .seconds(60)) }
        let response = try await client.response()
        #expect(response.status == 202 && response.headers["connection"] == "close")
        client.close()
        try await stop.value
      }
    }
  }
}
