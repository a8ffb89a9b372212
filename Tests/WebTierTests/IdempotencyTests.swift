import AWS
import EventLoop
import Foundation
import Jobs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("Idempotency-Key")
  struct IdempotencyTests {
    /// For what does not depend on the kind of server.
    static let server = Bench.servers.last

    static let header = "Idempotency-Key: \"k\"\r\n"

    func post(_ body: [UInt8], headers: String = header) -> [UInt8] { Request.post(body, headers: headers) }

    /// The key of an image sent under the key "k".
    func objectKey(_ name: String = "image.jpg", place: Int = 0, daysAgo: Int = 0) throws -> ObjectKey {
      let key = try #require(IdempotencyKey(["k"], of: "", upTo: 255))
      return ObjectKey(id: key.id(of: place, on: IdempotencyKey.day(of: Date()) - daysAgo), fileName: name)
    }

    @Test("a repetition gets the first answer; nothing is stored or classified twice", arguments: Bench.servers)
    func repetition(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        for byteCount in [5000, 1_000_000] {
          let request = Request.post(
            Form.file(photograph(byteCount), name: "owl.jpg"), headers: "Idempotency-Key: \(byteCount)\r\n")
          // One connection: the body of a repetition is read to its end.
          let client = try await bench.connect()
          client.send(request)
          let first = try await client.response()
          #expect(first.status == 200 && first.headers["idempotency-replayed"] == nil)
          for _ in 0..<2 {
            client.send(request)
            let again = try await client.response()
            #expect(again.status == 200 && again.headers["idempotency-replayed"] == "true")
            #expect(again.text == first.text)
          }
          client.close()
        }
        try await bench.isIdle()
        #expect(bench.worker.works.count == 2)
        #expect(try await bench.storedKeys().count == 2)
      }
    }

    @Test("a repetition while the first still waits waits with it", arguments: Bench.servers)
    func together(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, .unanswered) { bench in
        let clients = [try await bench.connect(), try await bench.connect()]
        clients[0].send(post(Form.file(photograph(5000), name: "owl.jpg")))
        let job = await bench.worker.work(1).job
        clients[1].send(post(Form.file(photograph(5000), name: "owl.jpg")))
        try await bench.wait(for: "saccade_pending_answers") { $0 == 2 }
        try await bench.worker.send(StubWorker.label(job), to: job)
        for client in clients {
          #expect(try await client.response().member("label") == "owl")
          client.close()
        }
        try await bench.isIdle()
        #expect(bench.worker.works.count == 1)
      }
    }

    @Test("a repetition at another process brings its answer there", arguments: Bench.servers)
    func elsewhere(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, .unanswered) { bench in
        let request = post(Form.file(photograph(5000), name: "owl.jpg"))
        let first = try await bench.connect()
        first.send(request)
        let job = await bench.worker.work(1).job
        let second = try await Client.connect(to: try await bench.startAnotherTier().localAddress)
        second.send(request)
        let again = await bench.worker.work(2).job
        #expect(again.id == job.id && again.key == job.key && again.replyTo != job.replyTo)
        try await bench.worker.send(StubWorker.label(again), to: again)
        let response = try await second.response()
        #expect(response.member("label") == "owl" && response.headers["idempotency-replayed"] == "true")
        try await bench.worker.send(StubWorker.label(job), to: job)
        #expect(try await first.response().member("label") == "owl")
        first.close()
        second.close()
        #expect(try await bench.storedKeys() == [job.key.description])
      }
    }

    @Test("of two that upload at the same time both are answered, and one image is stored", arguments: Bench.servers)
    func sameTime(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        let other = try await bench.startAnotherTier()
        for byteCount in [5000, 400_000, 2_000_000] {
          let request = Request.post(
            Form.file(photograph(byteCount), name: "owl.jpg"), headers: "Idempotency-Key: \(byteCount)\r\n")
          let clients = [
            try await bench.connect(), try await bench.connect(), try await Client.connect(to: other.localAddress),
          ]
          for client in clients { client.send(Array(request.prefix(byteCount / 2))) }
          try await bench.wait(for: "saccade_uploads_in_flight") { $0 == 2 }
          for client in clients { client.send(Array(request.dropFirst(byteCount / 2))) }
          for client in clients {
            let response = try await client.response()
            #expect(response.status == 200 && response.member("label") == "owl", "\(response.text)")
            client.close()
          }
        }
        try await bench.isIdle()
        #expect(try await bench.storedKeys().count == 3)
      }
    }

    @Test(
      "who finds out in the middle of its upload that it is there goes on reading",
      arguments: Bench.servers.filter { $0 != .moto })
    func inTheMiddle(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        let image = photograph(2_000_000)
        let request = post(Form.file(image, name: "owl.jpg"))
        let slow = try await bench.connect()
        slow.send(Array(request.prefix(1000)))
        try await bench.wait(for: "saccade_uploads_in_flight") { $0 == 1 }
        #expect(try await bench.answer(to: request).status == 200)
        // The PUT begins when the first window is full, and S3 refuses it without waiting for the rest. A PUT that waits
        // for bytes finds out with the next ones.
        var sentByteCount = 300_000
        slow.send(Array(request[1000..<sentByteCount]))
        while sentByteCount < image.count, !(try await bench.hasRefusedPut()) {
          slow.send(Array(request[sentByteCount..<sentByteCount + 1000]))
          sentByteCount += 1000
        }
        #expect(try await bench.hasRefusedPut())
        slow.send(Array(request[sentByteCount...]))
        let response = try await slow.response()
        #expect(response.status == 200 && response.headers["idempotency-replayed"] == "true")
        slow.close()
        try await bench.isIdle()
        #expect(bench.worker.works.map(\.image) == [Fingerprint(image)])
      }
    }

    @Test("another image under the same key is refused", arguments: Bench.servers)
    func reused(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        #expect(try await bench.answer(to: post(Form.file(photograph(5000)))).status == 200)
        // moto does not tell the checksums of what it holds.
        let sameLength = server == .moto ? [] : [photograph(5000, seed: 2)]
        for other in [photograph(5001), photograph(4999)] + sameLength {
          let response = try await bench.answer(to: post(Form.file(other)))
          #expect(response.status == 422 && response.code == "idempotency-key-reused")
        }
        #expect(try await bench.answer(to: post(Form.file(photograph(5000)))).status == 200)
        try await bench.isIdle()
        #expect(bench.worker.works.count == 1)
      }
    }

    @Test("an image that was stored and never queued is queued", arguments: Bench.servers)
    func neverQueued(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        try await bench.storeImage(photograph(5000), try objectKey("owl.jpg"))
        // Another name is no other image.
        let response = try await bench.answer(to: post(Form.file(photograph(5000), name: "eule.jpg")))
        #expect(response.status == 200 && response.headers["idempotency-replayed"] == "true")
        #expect(response.member("key") == "\(try objectKey("owl.jpg"))")
        #expect(try await bench.storedKeys().count == 1)
      }
    }

    @Test("a key is good until the end of the next day", arguments: [0, 1, 2])
    func days(daysAgo: Int) async throws {
      try await Bench.with(try #require(Self.server)) { bench in
        let key = try objectKey("owl.jpg", daysAgo: daysAgo)
        try await bench.storeImage(photograph(5000), key)
        try await bench.store(.success(StubWorker.classification("owl", key)), of: key)
        let response = try await bench.answer(to: post(Form.file(photograph(5000), name: "cat.jpg")))
        #expect(response.member("label") == (daysAgo < 2 ? "owl" : "cat"))
        #expect(bench.worker.works.count == (daysAgo < 2 ? 0 : 1))
      }
    }

    @Test("a form's images are repeated each by its place; what is missing is stored now", arguments: Bench.servers)
    func forms(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        var form = Form()
        for (number, name) in ["a", "b", "c"].enumerated() {
          form.addFile(photograph(5000 * (number + 1)), name: name + ".jpg")
        }
        try await bench.storeImage(photograph(10_000), try objectKey("b.jpg", place: 1))
        let first = try await bench.answer(to: post(form.closed()))
        #expect(first.outcomes == ["a", "b", "c"] && first.headers["idempotency-replayed"] == nil)
        let again = try await bench.answer(to: post(form.closed()))
        #expect(again.text == first.text && again.headers["idempotency-replayed"] == "true")
        form.addFile(photograph(20_000), name: "d.jpg")
        let more = try await bench.answer(to: post(form.closed()))
        #expect(more.outcomes == ["a", "b", "c", "d"])
        try await bench.isIdle()
        #expect(bench.worker.works.count == 4)
      }
    }

    @Test("a request that fails takes nothing away from others of its key")
    func failing() async throws {
      try await Bench.with(try #require(Self.server)) { bench in
        let image = photograph(5000)
        var form = Form()
        form.addFile(image)
        let goodByteCount = form.bytes.count
        form.addFile(Array("no image at all".utf8))
        let request = post(form.closed())
        let client = try await bench.connect()
        // The second part's delimiter ends the first file.
        let badByteCount = form.closed().count - goodByteCount - 60
        client.send(Array(request.dropLast(badByteCount)))
        try await bench.isStored()
        try await bench.isIdle()
        client.send(Array(request.suffix(badByteCount)))
        #expect(try await client.response().code == "not-an-image")
        client.close()
        #expect(try await bench.storedKeys().count == 1)
        let again = try await bench.answer(to: post(Form.file(image)))
        #expect(again.status == 200 && again.headers["idempotency-replayed"] == "true")
      }
    }

    @Test(
      "an image of unknown length is stored once too, in one part or in several", arguments: Bench.servers,
      [400_000, 5_000_000, 12_000_000])
    func unknownLength(server: ServerUnderTest.Kind, byteCount: Int) async throws {
      try await Bench.with(server) { bench in
        func request(_ byteCount: Int) -> [UInt8] {
          Request.chunked(
            Form.file(photograph(byteCount), name: "owl.jpg"), headers: Self.header, chunkByteCount: 100_000)
        }
        let image = request(byteCount)
        // Both have begun before either has ended.
        let clients = [try await bench.connect(), try await bench.connect()]
        for client in clients { client.send(Array(image.dropLast(1000))) }
        try await bench.wait(for: "saccade_uploads_in_flight") { $0 == 2 }
        for client in clients { client.send(Array(image.suffix(1000))) }
        for client in clients {
          let response = try await client.response()
          #expect(response.status == 200 && response.member("label") == "owl", "\(response.text)")
          client.close()
        }
        let again = try await bench.answer(to: image)
        #expect(again.member("label") == "owl" && again.headers["idempotency-replayed"] == "true")
        #expect(try await bench.answer(to: request(byteCount + 1)).code == "idempotency-key-reused")
        #expect(try await bench.storedKeys().count == 1)
        #expect(bench.worker.works.map(\.image) == [Fingerprint(photograph(byteCount))])
        try await bench.hasUnfinished(0)
        try await bench.isTidy()
      }
    }

    @Test("who goes away takes only the parts of its own upload along", arguments: Bench.servers)
    func ownParts(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        let image = photograph(12_000_000)
        let request = Request.chunked(
          Form.file(image, name: "owl.jpg"), headers: Self.header, chunkByteCount: 100_000)
        let clients = [try await bench.connect(), try await bench.connect()]
        for client in clients { client.send(Array(request.prefix(11_000_000))) }
        try await bench.hasUnfinished(2)
        clients[0].reset()
        try await bench.hasUnfinished(1)
        clients[1].send(Array(request.dropFirst(11_000_000)))
        #expect(try await clients[1].response().member("label") == "owl")
        clients[1].close()
        #expect(bench.worker.works.map(\.image) == [Fingerprint(image)])
        try await bench.isTidy()
      }
    }

    @Test("who goes away before S3 has said which upload it began leaves none", arguments: Bench.servers)
    func unansweredBeginning(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        bench.calls.decide = { $0.target.contains("uploads") && $0.method == "POST" ? .holdAnswer : .pass }
        let request = Request.chunked(
          Form.file(photograph(12_000_000), name: "owl.jpg"), headers: Self.header, chunkByteCount: 100_000)
        let client = try await bench.connect()
        client.send(Array(request.prefix(11_000_000)))
        try await bench.hasUnfinished(1)
        client.reset()
        try await bench.isIdle()
        #expect(try await bench.unfinishedKeys().count == 1)
        bench.calls.passHeldAnswers()
        try await bench.isTidy()
      }
    }

    @Test("an image whose storing was not answered is found by the next attempt", arguments: [5000, 400_000])
    func lostAnswers(byteCount: Int) async throws {
      try await Bench.with(try #require(Self.server)) { bench in
        let image = photograph(byteCount)
        let request = post(Form.file(image, name: "owl.jpg"))
        bench.calls.decide = { $0.method == "PUT" ? .loseAnswer : .pass }
        #expect(try await bench.answer(to: request).code == "storage-failed")
        try await bench.isTidy()
        #expect(try await bench.storedKeys().count == 1)
        bench.calls.decide = { _ in .pass }
        let response = try await bench.answer(to: request)
        #expect(response.member("label") == "owl" && response.headers["idempotency-replayed"] == "true")
        #expect(bench.worker.works.map(\.image) == [Fingerprint(image)])
      }
    }

    @Test("a lost answer to the first try is made good by the second")
    func lostAnswer() async throws {
      try await Bench.with(try #require(Self.server)) { bench in
        bench.calls.decide = { [calls = bench.calls] in
          $0.method == "PUT" && calls.faultCount == 0 ? .loseAnswer : .pass
        }
        let response = try await bench.answer(to: post(Form.file(photograph(5000), name: "owl.jpg")))
        #expect(response.member("label") == "owl")
        #expect(bench.calls.faultCount == 1)
        #expect(try await bench.storedKeys().count == 1)
      }
    }

    @Test("an image whose job the queue does not take stays for the next attempt", arguments: Bench.servers)
    func queueFails(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        let request = post(Form.file(photograph(5000), name: "owl.jpg"))
        bench.sqs.endConnections()
        bench.sqs.faults = Array(repeating: .slowDown, count: 20)
        #expect(try await bench.answer(to: request).code == "queue-unavailable")
        bench.sqs.faults = []
        bench.sqs.endConnections()
        try await bench.isTidy()
        #expect(try await bench.storedKeys().count == 1)
        #expect(try await bench.answer(to: request).member("label") == "owl")
      }
    }

    @Test("an attempt that failed does not spoil the key", arguments: Bench.servers)
    func failedAttempt(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        let request = post(Form.file(photograph(5000), name: "owl.jpg"))
        let failing = try await bench.connect()
        failing.send(Array(request.prefix(1000)))
        try await bench.wait(for: "saccade_uploads_in_flight") { $0 == 1 }
        bench.s3.endConnections()
        // As often as the client tries; an attempt may also end with the connection that is no more.
        bench.s3.faults = [.slowDown, .slowDown, .slowDown]
        failing.send(Array(request.dropFirst(1000)))
        #expect(try await failing.response().code == "storage-failed")
        bench.s3.faults = []
        failing.close()

        let leaving = try await bench.connect()
        leaving.send(Array(request.prefix(3000)))
        try await bench.wait(for: "saccade_uploads_in_flight") { $0 == 1 }
        leaving.close()
        try await bench.isIdle()

        let response = try await bench.answer(to: request)
        #expect(response.member("label") == "owl" && response.headers["idempotency-replayed"] == nil)
      }
    }

    @Test("an answer outlives its image", arguments: Bench.servers)
    func imageCleared(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        let request = post(Form.file(photograph(5000), name: "owl.jpg"))
        #expect(try await bench.answer(to: request).member("label") == "owl")
        let key = try #require(await bench.storedKeys().first)
        try await bench.clients.s3.deleteObject(bucket: bench.configuration.inputBucket, key: key)
        #expect(try await bench.answer(to: request).member("label") == "owl")
        #expect(bench.worker.works.count == 1)
      }
    }

    @Test("an image's own failure is repeated, one of ours is tried again")
    func failures() async throws {
      let failures: [ClassificationError] = [
        .init(code: .internal, message: "Ours."), .init(code: .undecodableImage, message: "Broken."),
      ]
      let setting = Bench.Setting { work in .failure(failures[work.number - 1]) }
      try await Bench.with(try #require(Self.server), setting) { bench in
        let request = post(Form.file(photograph(5000)))
        #expect(try await bench.answer(to: request).code == "internal")
        #expect(try await bench.answer(to: request).code == "undecodable-image")
        let again = try await bench.answer(to: request)
        #expect(again.status == 422 && again.code == "undecodable-image")
        #expect(again.headers["idempotency-replayed"] == "true")
        #expect(bench.worker.works.count == 2)
      }
    }

    @Test("with respond-async a repetition asks whether the answer is there")
    func asynchronous() async throws {
      try await Bench.with(try #require(Self.server), .unanswered) { bench in
        let headers = Self.header + "Prefer: respond-async\r\n"
        let request = post(Form.file(photograph(5000), name: "owl.jpg"), headers: headers)
        let first = try await bench.answer(to: request)
        #expect(first.status == 202)
        let job = await bench.worker.work(1).job
        #expect(first.headers["location"] == "/v1/results/\(job.id)")
        let second = try await bench.answer(to: request)
        #expect(second.status == 202 && second.headers["location"] == first.headers["location"])
        try await bench.store(StubWorker.label(job), of: job.key)
        #expect(try await bench.answer(to: request).member("label") == "owl")
        #expect(bench.worker.works.count == 1)
      }
    }

    @Test("two clients' keys are two keys")
    func scopes() async throws {
      let file = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: file) }
      let lines = ["a", "b"].map { APIKey.line(name: "client-\($0)", key: $0, rate: nil) }
      try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
      var setting = Bench.Setting()
      setting.access.keyFile = file.path
      try await Bench.with(try #require(Self.server), setting) { bench in
        // However it presents its API key, it is the same client.
        let presentations = [
          ("Authorization: Bearer a", false), ("Authorization: Bearer b", false), ("X-API-Key: a", true),
        ]
        for (presentation, isRepetition) in presentations {
          let request = post(Form.file(photograph(5000)), headers: Self.header + presentation + "\r\n")
          let response = try await bench.answer(to: request)
          #expect(response.status == 200)
          #expect((response.headers["idempotency-replayed"] == "true") == isRepetition)
        }
        #expect(bench.worker.works.count == 2)
      }
    }

    @Test("what is no key is refused before the body is read", arguments: ["\"\"", "a b", "k\r\nIdempotency-Key: k"])
    func malformed(key: String) async throws {
      try await Bench.with(try #require(Self.server)) { bench in
        let client = try await bench.connect()
        client.send(Request.head("POST", "/v1/images", "Idempotency-Key: \(key)\r\nContent-Length: 1000000\r\n"))
        let response = try await client.response()
        #expect(response.status == 400 && response.code == "malformed-idempotency-key")
        client.close()
      }
    }
  }
}
