import AWS
import EventLoop
import Jobs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  /// The web tier with a store and queues that fail, by a seed, in every way that networks and services do.
  @Suite("Uploads when things fail")
  struct FaultTests {
    /// moto takes damaged bodies.
    private static let servers = Bench.servers.filter { $0 == .localCloud }

    private static var setting: Bench.Setting {
      var setting = Bench.Setting()
      setting.limits.removalPause = .milliseconds(20)
      setting.limits.removalSettleDuration = .milliseconds(100)
      return setting
    }

    /// A tenth of the calls is refused with 503; a twentieth loses its connection, amid its body or with its answer.
    private static func fate(_ call: CallRelay.Call, _ random: inout SplitMix64) -> CallRelay.Fate {
      switch Int.random(in: 0..<200, using: &random) {
      case 0..<20: .refuse
      case 20..<25: .reset(afterByteCount: Int.random(in: 0...call.bodyByteCount, using: &random))
      case 25..<30: .loseAnswer
      default: .pass
      }
    }

    @Test("every upload is answered or refused, none twice, and nothing stays that has no job", arguments: servers)
    func everything(server: ServerUnderTest.Kind) async throws {
      let seed = UInt64.random(in: 0...UInt64.max)
      print("fault seed: \(seed)")
      try await Bench.with(server, Self.setting) { bench in
        var random = SplitMix64(seed: seed)
        bench.calls.decide = { Self.fate($0, &random) }
        let sizes = [3000, 100_000, 262_144, 400_000, 1_000_000, 5_300_000]
        let clients = (0..<8).map { number in
          EventLoop.shared.start {
            var random = SplitMix64(seed: seed &+ UInt64(number))
            var outcomes: [String: Int] = [:]
            for round in 0..<25 {
              let name = "n\(number)-\(round)"
              let byteCount = sizes[Int.random(in: 0..<(round % 8 == 0 ? 6 : 5), using: &random)]
              let form = Form.file(photograph(byteCount, seed: UInt64(number)), name: name + ".jpg")
              let request = round % 2 == 0 ? Request.chunked(form, chunkByteCount: 90_000) : Request.post(form)
              let response = try await bench.answer(to: request)
              outcomes[name] = response.status
              if response.status == 200 {
                #expect(response.member("label") == name)
              } else {
                #expect([502, 503].contains(response.status) && response.code != nil, "\(response.text)")
              }
            }
            return outcomes
          }
        }
        var outcomes: [String: Int] = [:]
        for client in clients { outcomes.merge(try await client.value) { $0 + $1 } }
        #expect(outcomes.count == 200)
        #expect(bench.calls.faultCount > 20)
        // Retries make most of it good.
        #expect(outcomes.values.count { $0 == 200 } > 150)
        bench.calls.decide = { _ in .pass }
        try await bench.isTidy()
        // Whoever was answered has his image in the bucket, as it was sent, and nobody else has.
        let answered = Set(outcomes.filter { $0.value == 200 }.keys.map { $0 + ".jpg" })
        var stored: [String] = []
        for _ in 0..<500 {
          stored = try await bench.storedKeys().map { String($0.drop { $0 != "/" }.dropFirst()) }
          if stored.count == answered.count { break }
          try await sleep(for: .milliseconds(10))
        }
        #expect(Set(stored) == answered)
        #expect(stored.count == answered.count)
        for work in bench.worker.works {
          let number = UInt64(work.job.name.dropFirst().prefix { $0 != "-" }) ?? 0
          guard let image = work.image, answered.contains(work.job.name) else { continue }
          #expect(image == Fingerprint(photograph(image.byteCount, seed: number)))
        }
      }
    }

    @Test(
      "a bit that turns on its way to the store is found there, and the bytes are sent again", arguments: servers,
      [20_000, 400_000, 5_300_000])
    func damage(server: ServerUnderTest.Kind, byteCount: Int) async throws {
      try await Bench.with(server, Self.setting) { bench in
        let image = photograph(byteCount)
        var damagedCount = 0
        bench.calls.decide = { call in
          guard call.bodyByteCount > 10_000, damagedCount == 0 else { return .pass }
          damagedCount += 1
          return .flip(offset: 9000)
        }
        let isChunked = byteCount > 5_000_000
        let request = isChunked ? Request.chunked(image, type: "image/jpeg") : Request.post(image, type: "image/jpeg")
        let response = try await bench.answer(to: request)
        #expect(damagedCount == 1)
        #expect(response.status == 200, "\(response.text)")
        #expect(await bench.worker.work(1).image == Fingerprint(image))
        try await bench.isTidy()
      }
    }

    @Test("damage that does not end is an error, never an answer", arguments: servers, [20_000, 400_000])
    func lastingDamage(server: ServerUnderTest.Kind, byteCount: Int) async throws {
      try await Bench.with(server, Self.setting) { bench in
        bench.calls.decide = { $0.bodyByteCount > 10_000 ? .flip(offset: 9000) : .pass }
        let response = try await bench.answer(to: Request.post(photograph(byteCount), type: "image/jpeg"))
        #expect(response.status == 502)
        #expect(response.code == "storage-failed")
        #expect(bench.worker.works.isEmpty)
        try await bench.isTidy()
        try await bench.isEmptied()
      }
    }

    @Test(
      "an upload on a kept connection that ends without an answer is sent once more, and at once", arguments: servers,
      [3000, 400_000])
    func keptConnection(server: ServerUnderTest.Kind, byteCount: Int) async throws {
      try await Bench.with(server, Self.setting) { bench in
        let request = Request.post(photograph(byteCount), type: "image/jpeg")
        #expect(try await bench.answer(to: request).status == 200)
        for number in 2..<6 {
          var putCount = 0
          bench.calls.decide = { call in
            guard call.method == "PUT" else { return .pass }
            putCount += 1
            return putCount == 1 ? .loseAnswer : .pass
          }
          #expect(try await bench.answer(to: request).status == 200)
          // A second one that stalls would be given up for a third.
          #expect(putCount == 2)
          #expect(await bench.worker.work(number).image == Fingerprint(photograph(byteCount)))
        }
        try await bench.isTidy()
      }
    }

    @Test(
      "an upload whose every answer is lost is refused, and what S3 has stored of it is removed", arguments: servers)
    func lostAnswers(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, Self.setting) { bench in
        bench.calls.decide = { $0.method == "PUT" ? .loseAnswer : .pass }
        let response = try await bench.answer(to: Request.post(photograph(20_000), type: "image/jpeg"))
        #expect(response.status == 502)
        try await bench.isTidy()
        try await bench.isEmptied()
      }
    }

    @Test("a wrong prediction with the memory spent is a 503, and nothing is stored", arguments: servers)
    func replayImpossible(server: ServerUnderTest.Kind) async throws {
      var setting = Self.setting
      setting.limits.replayByteCountMax = 0
      try await Bench.with(server, setting) { bench in
        var form = Form()
        form.addFile(photograph(700_000))
        form.addField("note", "after the file")
        let response = try await bench.answer(to: Request.post(form.closed()))
        #expect(response.status == 503)
        #expect(response.code == "replay-impossible")
        try await bench.isTidy()
        try await bench.isEmptied()
        // The last part's length is predicted rightly, and then nothing needs to be kept.
        let image = photograph(3_000_000)
        #expect(try await bench.answer(to: Request.post(Form.file(image))).status == 200)
        #expect(bench.worker.works.last?.image == Fingerprint(image))
      }
    }
  }
}
