import AWS
import EventLoop
import HTTP
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  /// What there is no room for is refused at its head; what goes away, or comes too slowly, makes room.
  @Suite("Admission")
  struct AdmissionTests {
    private static let server = Bench.servers.prefix(1)
    private static let uploads = "saccade_uploads_in_flight"

    /// The head of a request whose body is not there.
    private static func head(_ expectation: String = "") -> String {
      Request.head("POST", "/v1/images", "Content-Type: image/jpeg\r\nContent-Length: 500000\r\n\(expectation)")
    }

    /// A request is refused with nothing but its head sent, and is not asked for more.
    @LoopActor private static func expectRefusal(_ bench: Bench, _ code: String) async throws {
      for expectation in ["", "Expect: 100-continue\r\n"] {
        let client = try await bench.connect()
        client.send(head(expectation))
        let response = try await client.response()
        #expect(response.status == 503)
        #expect(response.code == code)
        #expect(response.headers["retry-after"] == "2")
        #expect(response.headers["connection"] == "close")
        #expect(client.interimCount == 0)
        client.close()
      }
    }

    @Test("with every place taken the next request is refused at its head, until one has gone", arguments: server)
    func uploadsFull(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.limits.uploadCountMax = 1
      try await Bench.with(server, setting) { bench in
        let image = photograph(500_000)
        let client = try await bench.connect()
        // The place is taken before a byte of the body is there.
        client.send(Self.head())
        try await bench.wait(for: Self.uploads) { $0 == 1 }
        try await Self.expectRefusal(bench, "too-many-uploads")
        client.send(Array(image[..<300_000]))
        try await bench.wait(for: "saccade_upload_buffer_bytes") { $0 > 0 }
        try await Self.expectRefusal(bench, "too-many-uploads")
        client.send(Array(image[300_000...]))
        #expect(try await client.response().status == 200)
        client.close()
        try await bench.isIdle()
        // Neither what is no image nor a form without a file keeps its place.
        for body in [[UInt8](repeating: 0, count: 1000), []] {
          _ = try await bench.answer(to: Request.post(body, type: "image/jpeg"))
          _ = try await bench.answer(to: Request.post(body))
          _ = try await bench.answer(to: Request.post(body, type: "text/plain"))
        }
        #expect(try await bench.answer(to: Request.post(Form.file(image))).status == 200)
        try await bench.isIdle()
      }
    }

    @Test(
      "an upload that S3's connections have no place for is told to come again, not that storage has failed",
      arguments: server)
    func connectionsFull(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      // Two for the tier's own: it asks for answers for as long as there are none.
      setting.transport.activeRequestCountMax = 3
      setting.transport.waitingRequestCountMax = 1
      try await Bench.with(server, setting) { bench in
        var clients: [Client] = []
        for _ in 0..<60 { clients.append(try await bench.connect()) }
        let request = Request.post(Form.file(photograph(5000)))
        for client in clients { client.send(request) }
        var statuses: [Int: Int] = [:]
        for client in clients {
          let response = try await client.response()
          statuses[response.status, default: 0] += 1
          if response.status == 200 { continue }
          #expect(response.code == "too-many-uploads" || response.code == "queue-unavailable")
          #expect(response.headers["retry-after"] == "2")
        }
        for client in clients { client.close() }
        #expect(statuses.keys.allSatisfy { $0 == 200 || $0 == 503 })
        #expect(statuses[503, default: 0] > 0)
        try await bench.isIdle()
      }
    }

    @Test("with as many waiting as may, those under way counted, the next is refused at its head", arguments: server)
    func pendingFull(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting.unanswered
      setting.limits.pendingAnswerCountMax = 2
      try await Bench.with(server, setting) { bench in
        let waiting = try await bench.connect()
        waiting.send(Request.post(Form.file(photograph(1000), name: "cat.jpg")))
        let work = await bench.worker.work(1)
        let sending = try await bench.connect()
        sending.send(Self.head())
        try await bench.wait(for: Self.uploads) { $0 == 1 }
        try await Self.expectRefusal(bench, "too-many-pending")
        sending.reset()
        try await bench.wait(for: Self.uploads) { $0 == 0 }
        try await bench.worker.send(StubWorker.label(work.job), to: work.job)
        #expect(try await waiting.response().member("label") == "cat")
        waiting.close()
        try await bench.isIdle()
      }
    }

    @Test("when no first window fits into memory the next request is refused at its head", arguments: server)
    func memoryFull(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.limits.bufferByteCountMax = setting.limits.firstWindowByteCount
      try await Bench.with(server, setting) { bench in
        let image = photograph(500_000)
        let client = try await bench.connect()
        client.send(Self.head())
        client.send(Array(image[..<1000]))
        try await bench.wait(for: "saccade_upload_buffer_bytes") { $0 > 0 }
        try await Self.expectRefusal(bench, "out-of-memory")
        // What has been let in goes on.
        client.send(Array(image[1000...]))
        #expect(try await client.response().status == 200)
        client.close()
        try await bench.isIdle()
        #expect(try await bench.answer(to: Request.post(Form.file(image))).status == 200)
      }
    }

    @Test("a client's RST amid its upload frees its place and memory and aborts the PUT", arguments: server)
    func reset(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.limits.uploadCountMax = 1
      try await Bench.with(server, setting) { bench in
        let image = photograph(500_000)
        let client = try await bench.connect()
        client.send(Self.head())
        // Beyond the first window, so that the PUT has begun.
        client.send(Array(image[..<400_000]))
        try await bench.wait(for: "saccade_upload_buffer_bytes") { $0 >= 400_000 }
        try await bench.s3.isOpen(1)
        client.reset()
        try await bench.isIdle()
        // Cutting it off is how a PUT is aborted: S3 stores nothing of a body that does not end.
        try await bench.s3.isClosed()
        #expect(try await bench.answer(to: Request.post(Form.file(image))).status == 200)
        #expect(try await bench.storedKeys().count == 1)
      }
    }

    @Test("an upload that comes too slowly gets 408 and gives its place back", arguments: server)
    func tooSlow(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.limits.uploadCountMax = 1
      setting.http.sweepInterval = .milliseconds(5)
      setting.http.bodyRateWindow = .milliseconds(100)
      try await Bench.with(server, setting) { bench in
        let image = photograph(500_000)
        for byteCount in [0, 1, 300_000] {
          let client = try await bench.connect()
          client.send(Self.head())
          client.send(Array(image[..<byteCount]))
          let response = try await client.response()
          #expect(response.status == 408)
          #expect(response.code == "body-too-slow")
          try await client.ends()
          client.close()
          try await bench.isIdle()
        }
        #expect(try await bench.answer(to: Request.post(Form.file(image))).status == 200)
        #expect(try await bench.storedKeys().count == 1)
      }
    }

    @Test("while S3 holds an upload back its client is not too slow", arguments: server)
    func heldBack(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.limits.unsentByteCountMax = 300_000
      setting.http.sweepInterval = .milliseconds(5)
      setting.http.bodyRateWindow = .milliseconds(50)
      setting.http.bodyRateMin = 1_000_000
      try await Bench.with(server, setting) { bench in
        let image = photograph(500_000)
        let client = try await bench.connect()
        bench.gate.close()
        client.send(Request.post(image, type: "image/jpeg"))
        try await bench.wait(for: "saccade_upload_buffer_bytes") { $0 >= 300_000 }
        // Many times the window.
        try await sleep(for: .milliseconds(500))
        bench.gate.open()
        #expect(try await client.response().status == 200)
        client.close()
      }
    }
  }
}
