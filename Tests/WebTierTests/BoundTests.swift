import AWS
import EventLoop
import Jobs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  /// Bounds of `WebLimits` that no other test walks into.
  @Suite("Bounds")
  struct BoundTests {
    private static let server = Bench.servers.filter { $0 == .localCloud }

    /// Of the object that a call is about.
    private static func name(of call: CallRelay.Call) -> String {
      String(call.target.split(separator: "/").last ?? "")
    }

    @Test(
      "a job that finds the line for SQS full is refused and its image removed, none before it lost", arguments: server)
    func queuedJobs(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.limits.queuedJobCountMax = 2
      try await Bench.with(server, setting) { bench in
        bench.queueCalls.decide = { $0.operation == "SendMessageBatch" ? .holdAnswer : .pass }
        @LoopActor func upload(_ name: String) async throws -> Client {
          let client = try await bench.connect()
          client.send(Request.post(Form.file(photograph(2000), name: name + ".jpg")))
          return client
        }
        var clients = [try await upload("a")]
        // SQS has heard of it, and has not said so yet.
        _ = await bench.worker.work(1)
        clients.append(try await upload("b"))
        try await bench.wait(for: "saccade_queued_jobs") { $0 == 1 }
        clients.append(try await upload("c"))
        try await bench.wait(for: "saccade_queued_jobs") { $0 == 2 }
        for _ in 0..<2 {
          let response = try await bench.answer(to: Request.post(Form.file(photograph(2000), name: "d.jpg")))
          #expect(response.status == 503)
          #expect(response.code == "queue-unavailable")
          #expect(response.headers["retry-after"] == "2")
        }
        // Of a form's two files neither stays when one finds no place.
        var form = Form()
        for name in ["e.jpg", "f.jpg"] { form.addFile(photograph(3000), name: name) }
        #expect(try await bench.answer(to: Request.post(form.closed())).code == "queue-unavailable")
        try await bench.wait(for: "saccade_upload_removals") { $0 == 0 }
        #expect(try await bench.storedKeys().map { $0.drop { $0 != "/" } } == ["/a.jpg", "/b.jpg", "/c.jpg"])
        bench.queueCalls.decide = { _ in .pass }
        bench.queueCalls.passHeldAnswers()
        for (client, label) in zip(clients, ["a", "b", "c"]) {
          #expect(try await client.response().member("label") == label)
          client.close()
        }
        #expect(bench.worker.works.map(\.job.name) == ["a.jpg", "b.jpg", "c.jpg"])
        #expect(try await bench.answer(to: Request.post(form.closed())).outcomes == ["e", "f"])
        try await bench.isTidy()
      }
    }

    @Test(
      "streamed uploads beyond as many as may run wait in their order; one that is whole does not", arguments: server)
    func streams(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.limits.streamedUploadCountMax = 2
      try await Bench.with(server, setting) { bench in
        let puts = Happenings<String>()
        bench.calls.decide = { call in
          if call.method == "PUT" { puts.report(Self.name(of: call)) }
          return .pass
        }
        let requests = (0..<6).map {
          Request.post(Form.file(photograph(500_000, seed: UInt64($0)), name: "n\($0)"))
        }
        var clients: [Client] = []
        for (number, request) in requests.enumerated() {
          let client = try await bench.connect()
          client.send(Array(request[..<400_000]))
          clients.append(client)
          try await bench.wait(for: "saccade_upload_buffer_bytes") { $0 >= 390_000 * (number + 1) }
        }
        @LoopActor func finish(_ number: Int) async throws {
          clients[number].send(Array(requests[number][400_000...]))
          let response = try await clients[number].response()
          #expect(response.status == 200)
          #expect(response.member("label") == "n\(number)")
          clients[number].close()
        }
        #expect(Set([await puts.next(), await puts.next()]) == ["n0", "n1"])
        // Its bytes are all in memory: it needs no connection for as long as a client likes.
        try await finish(5)
        #expect(await puts.next() == "n5")
        #expect(puts.count == 0)
        for (number, following) in [(1, "n2"), (0, "n3"), (3, "n4")] {
          try await finish(number)
          #expect(await puts.next() == following)
          #expect(puts.count == 0)
        }
        for number in [4, 2] { try await finish(number) }
        #expect(puts.count == 0)
        let images = bench.worker.works.map { ($0.job.name, $0.image) }
        for (name, image) in images {
          let number = try #require(UInt64(name.dropFirst()))
          #expect(image == Fingerprint(photograph(500_000, seed: number)))
        }
        #expect(images.count == 6)
        try await bench.isTidy()
      }
    }

    @Test("of the connections that a crowd of streamed uploads needed, as many are kept as may be", arguments: server)
    func cachedConnections(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.transport.cachedConnectionCountMax = 2
      try await Bench.with(server, setting) { bench in
        let begun = Happenings<Void>()
        bench.calls.decide = { call in
          if call.method == "PUT" { begun.report(()) }
          return .pass
        }
        let request = Request.post(Form.file(photograph(500_000)))
        for _ in 0..<2 {
          var clients: [Client] = []
          for _ in 0..<12 {
            let client = try await bench.connect()
            client.send(Array(request[..<400_000]))
            clients.append(client)
            await begun.next()
          }
          #expect(bench.s3.openCount >= 12)
          for client in clients {
            client.send(Array(request[400_000...]))
            #expect(try await client.response().status == 200)
            client.close()
          }
          // Two of the streams' own, and two of what all other calls share.
          for _ in 0..<2000 where bench.s3.openCount > 4 { try await sleep(for: .milliseconds(5)) }
          #expect(bench.s3.openCount <= 4)
        }
        try await bench.isTidy()
      }
    }

    @Test("while the memory for uploads is spent reads are small, and large again afterwards", arguments: server)
    func reads(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.limits.replayByteCountMax = 300_000
      try await Bench.with(server, setting) { bench in
        let large = 128 * 1024
        #expect(EventLoop.shared.readByteCountMax >= large)
        let request = Request.post(Form.file(photograph(600_000), name: "cat.jpg"))
        bench.gate.close()
        let first = try await bench.connect()
        first.send(request)
        try await bench.wait(for: "saccade_upload_buffer_bytes") { $0 > 300_000 - large }
        try await bench.wait(for: "saccade_uploads_in_flight") { $0 == 1 }
        #expect(EventLoop.shared.readByteCountMax == Slab.Size.small.byteCount)
        let before = try await bench.metric("saccade_upload_buffer_bytes")
        // Whoever comes now is read no further than it takes to begin.
        var others: [Client] = []
        for _ in 0..<4 {
          let client = try await bench.connect()
          client.send(request)
          others.append(client)
        }
        try await bench.wait(for: "saccade_upload_buffer_bytes") { $0 >= before + 4 * Slab.Size.small.byteCount }
        try await bench.wait(for: "saccade_uploads_in_flight") { $0 == 5 }
        let after = try await bench.metric("saccade_upload_buffer_bytes")
        #expect(after - before <= 4 * 4 * Slab.Size.small.byteCount)
        bench.gate.open()
        for client in [first] + others {
          #expect(try await client.response().member("label") == "cat")
          client.close()
        }
        try await bench.isTidy()
        #expect(EventLoop.shared.readByteCountMax >= large)
        #expect(bench.worker.works.allSatisfy { $0.image == Fingerprint(photograph(600_000)) })
      }
    }

    @Test("a streamed upload may take so long and no longer, however its client drips", arguments: server)
    func streamDuration(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.limits.streamedUploadDurationMax = .seconds(2)
      setting.limits.removalSettleDuration = .milliseconds(50)
      try await Bench.with(server, setting) { bench in
        let image = photograph(500_000)
        let client = try await bench.connect()
        client.send(Array(Request.post(image, type: "image/jpeg").dropLast(1)))
        // The place is free although the request goes on.
        try await bench.wait(for: "saccade_uploads_in_flight") { $0 == 1 }
        try await bench.wait(for: "saccade_uploads_in_flight") { $0 == 0 }
        client.send([image[image.count - 1]])
        let response = try await client.response()
        #expect(response.status == 502)
        #expect(response.code == "storage-failed")
        client.close()
        try await bench.isTidy()
        #expect(try await bench.storedKeys() == [])
      }
    }

    @Test("a form may have so many files; one more and none of them stays", arguments: server)
    func files(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.limits.filesPerFormMax = 2
      setting.limits.removalSettleDuration = .milliseconds(50)
      try await Bench.with(server, setting) { bench in
        var form = Form()
        for name in ["a.jpg", "b.jpg"] { form.addFile(photograph(2000), name: name) }
        #expect(try await bench.answer(to: Request.post(form.closed())).outcomes == ["a", "b"])
        #expect(try await bench.storedKeys().count == 2)
        form.addFile(photograph(2000), name: "c.jpg")
        let response = try await bench.answer(to: Request.post(form.closed()))
        #expect(response.status == 413)
        #expect(response.code == "too-many-files")
        try await bench.isTidy()
        #expect(try await bench.storedKeys().count == 2)
      }
    }

    @Test("a result longer than any worker's is not taken into memory", arguments: server)
    func resultLength(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting.unanswered
      setting.limits.resultByteCountMax = 100
      try await Bench.with(server, setting) { bench in
        let request = Request.post(Form.file(photograph(500)), headers: "Prefer: respond-async\r\n")
        let location = try #require(try await bench.answer(to: request).headers["location"])
        let job = await bench.worker.work(1).job
        try await bench.store(StubWorker.label(job), of: job.key)
        let response = try await bench.get(location)
        #expect(response.status == 502)
        #expect(response.code == "storage-failed")
      }
    }

    @Test("removals run so many at once, and what finds no place in their line stays in the bucket", arguments: server)
    func removals(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        var limits = WebLimits()
        limits.removalsInFlightMax = 2
        limits.removalCountMax = 3
        let removals = bench.removals(limits)
        let keys = (0..<8).map { "upload-\($0)" }
        for key in keys { try await bench.put(key) }
        bench.gate.close()
        for key in keys { removals.remove(key, isUncertain: false) }
        #expect(removals.count == 5)
        for _ in 0..<2000 where bench.gate.waitingCount < 2 { try await sleep(for: .milliseconds(5)) }
        #expect(bench.gate.waitingCount == 2)
        bench.gate.open()
        await removals.finish(within: .seconds(30))
        #expect(removals.count == 0)
        #expect(try await bench.storedKeys() == Array(keys[5...]))
      }
    }

    @Test("a removal that S3 refuses as often as it is tried is given up", arguments: server)
    func removalAttempts(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        var limits = WebLimits()
        limits.removalAttemptCountMax = 2
        limits.removalPause = .milliseconds(1)
        let removals = bench.removals(limits)
        try await bench.put("upload")
        bench.calls.decide = { $0.method == "DELETE" ? .refuse : .pass }
        removals.remove("upload", isUncertain: false)
        await removals.finish(within: .seconds(30))
        #expect(removals.count == 0)
        // Twice, and each time as often as the client tries a call.
        #expect(bench.calls.faultCount == 2 * RetryPolicy().attemptCountMax)
        #expect(try await bench.storedKeys() == ["upload"])
      }
    }
  }
}

extension Bench {
  fileprivate func put(_ key: String) async throws {
    try await clients.s3.putObject(bucket: configuration.inputBucket, key: key, body: .bytes([1]))
  }

  /// Removals of the tier's kind, with its client and bounds of their own.
  fileprivate func removals(_ limits: WebLimits) -> Removals {
    Removals(s3: tierClients.s3, bucket: configuration.inputBucket, limits: limits, logger: Bench.logger)
  }
}
