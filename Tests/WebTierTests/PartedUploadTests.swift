import AWS
import EventLoop
import Jobs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("Uploads of unknown length")
  struct PartedUploadTests {
    private static let partByteCount = MultipartUpload.partByteCountMin

    /// Removals are not waited for longer than a test needs.
    private static var setting: Bench.Setting {
      var setting = Bench.Setting()
      setting.limits.removalPause = .milliseconds(10)
      setting.limits.removalSettleDuration = .milliseconds(20)
      return setting
    }

    @Test("every length around the borders of parts arrives whole", arguments: Bench.servers)
    func lengths(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        var count = 0
        for partCount in [1, 2, 3] {
          for byteCountMore in [-1, 0, 1] {
            let image = photograph(partCount * Self.partByteCount + byteCountMore)
            let response = try await bench.answer(to: Request.chunked(image, type: "image/jpeg"))
            #expect(response.status == 200)
            count += 1
            #expect(await bench.worker.work(count).image == Fingerprint(image), "\(image.count) bytes")
          }
        }
        // A file that ends with its first part needs none.
        #expect(bench.callCount("CreateMultipartUpload") == 7)
        #expect(bench.callCount("CompleteMultipartUpload") == 7)
        try await bench.isTidy()
      }
    }

    @Test("several files of a chunked form, with fields between them, are answered in order", arguments: Bench.servers)
    func form(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        var form = Form()
        form.addFile(photograph(6_000_000), name: "one.jpg")
        form.addField("note", "between")
        form.addFile(photograph(400_000), name: "two.jpg")
        form.addFile(photograph(11_000_000), name: "three.jpg")
        let response = try await bench.answer(to: Request.chunked(form.closed(), chunkByteCount: 300_000))
        #expect(response.outcomes == ["one", "two", "three"])
        let images = bench.worker.works.map(\.image)
        for byteCount in [6_000_000, 400_000, 11_000_000] {
          #expect(images.contains(Fingerprint(photograph(byteCount))))
        }
        try await bench.isTidy()
      }
    }

    @Test("parts are sent again from memory until S3 takes them", arguments: Bench.servers)
    func retries(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, Self.setting) { bench in
        let image = photograph(12_000_000)
        bench.s3.endConnections()
        bench.s3.faults = [.slowDown, .slowDown]
        let response = try await bench.answer(to: Request.chunked(image, type: "image/jpeg"))
        #expect(response.status == 200)
        #expect(bench.s3.faultCount == 2)
        #expect(await bench.worker.work(1).image == Fingerprint(image))
        try await bench.isTidy()
      }
    }

    @Test("an image that proves too large is refused and nothing of it stays", arguments: Bench.servers)
    func tooLarge(server: ServerUnderTest.Kind) async throws {
      var setting = Self.setting
      setting.limits.imageByteCountMax = 12_000_000
      try await Bench.with(server, setting) { bench in
        let form = Form.file(photograph(12_000_001))
        let response = try await bench.answer(to: Request.chunked(form, chunkByteCount: 100_000))
        #expect(response.status == 413)
        #expect(response.code == "image-too-large")
        try await bench.isTidy()
        #expect(try await bench.storedKeys() == [])
      }
    }

    @Test(
      "a client that goes away leaves nothing behind, whenever it goes", arguments: Bench.servers,
      [300_000, 5_300_000, 10_600_000, 12_000_000])
    func clientGone(server: ServerUnderTest.Kind, sentByteCount: Int) async throws {
      try await Bench.with(server, Self.setting) { bench in
        let client = try await bench.connect()
        let request = Request.chunked(photograph(12_000_000), type: "image/jpeg").prefix(sentByteCount)
        client.send(Array(request))
        try await bench.wait(for: "saccade_uploads_in_flight") { $0 == 1 }
        client.reset()
        try await bench.isTidy()
        try await bench.isEmptied()
      }
    }

    @Test("an upload that S3 keeps failing is refused, aborted and gone", arguments: Bench.servers)
    func storeFails(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, Self.setting) { bench in
        bench.s3.endConnections()
        bench.s3.faults = Array(repeating: .slowDown, count: 3)
        let response = try await bench.answer(to: Request.chunked(photograph(12_000_000), type: "image/jpeg"))
        #expect(response.status == 502)
        #expect(response.code == "storage-failed")
        try await bench.isTidy()
        try await bench.isEmptied()
      }
    }

    @Test("what ends while the server stops is aborted before it has stopped", arguments: Bench.servers)
    func stop(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, Self.setting) { bench in
        let client = try await bench.connect()
        client.send(Array(Request.chunked(photograph(12_000_000), type: "image/jpeg").prefix(11_000_000)))
        while try await bench.unfinishedKeys().isEmpty { try await sleep(for: .milliseconds(5)) }
        await bench.tier.stop(within: .milliseconds(10))
        #expect(try await bench.unfinishedKeys() == [])
        #expect(try await bench.storedKeys() == [])
        client.close()
      }
    }

    @Test(
      "without memory for a part 503 comes before more is read; with a length there is a way", arguments: Bench.servers)
    func memorySpent(server: ServerUnderTest.Kind) async throws {
      var setting = Self.setting
      setting.limits.replayByteCountMax = Self.partByteCount
      try await Bench.with(server, setting) { bench in
        let client = try await bench.connect()
        client.send(Array(Request.chunked(photograph(12_000_000), type: "image/jpeg").prefix(400_000)))
        let response = try await client.response()
        #expect(response.status == 503)
        #expect(response.code == "upload-memory-spent")
        #expect(response.headers["retry-after"] == "2")
        client.close()
        let image = photograph(12_000_000)
        #expect(try await bench.answer(to: Request.post(image, type: "image/jpeg")).status == 200)
        #expect(bench.worker.works.last?.image == Fingerprint(image))
        try await bench.isTidy()
        #expect(try await bench.storedKeys().count == 1)
      }
    }

    @Test(
      "while S3 takes no parts the client is not read, and memory stays within a few parts", arguments: Bench.servers)
    func backPressure(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, Self.setting) { bench in
        let image = photograph(30_000_000)
        let client = try await bench.connect()
        bench.gate.close()
        client.send(Request.chunked(image, type: "image/jpeg", chunkByteCount: 1_000_000))
        let limit = (bench.configuration.limits.partsInFlightMax + 1) * Self.partByteCount
        // Every part that may be is full; what comes on top is a read or two.
        try await bench.wait(for: "saccade_upload_buffer_bytes") { $0 >= limit }
        #expect(try await bench.metric("saccade_upload_buffer_bytes") <= limit + 1_000_000)
        #expect(client.unsentByteCount > 0)
        bench.gate.open()
        #expect(try await client.response().status == 200)
        #expect(await bench.worker.work(1).image == Fingerprint(image))
        client.close()
        try await bench.isTidy()
      }
    }
  }
}
