import EventLoop
import Jobs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("Choosing a model")
  struct ModelChoiceTests {
    static let server = Bench.servers.last

    /// A form with these models' fields before its file.
    func form(_ models: String..., after: String? = nil) -> [UInt8] {
      var form = Form()
      for model in models { form.addField("model", model) }
      form.addFile(photograph(40_000), name: "owl.jpg")
      if let after { form.addField("model", after) }
      return form.closed()
    }

    @Test("query or field of the form say which model the job asks for", .enabled(if: server != nil))
    func asked() async throws {
      try await Bench.with(try #require(Self.server)) { bench in
        let image = photograph(40_000)
        let longest = String(repeating: "m", count: 64)
        let requests: [([UInt8], String?)] = [
          (Request.post(form()), nil), (Request.post(form("big.v2")), "big.v2"), (Request.post(form(longest)), longest),
          (Request.post(form(), to: "/v1/images?model=a"), "a"), (Request.post(form(), to: "/?x=1&model=%61-b"), "a-b"),
          (Request.post(form("a", "a"), to: "/v1/images?model=a&model=a"), "a"),
          (Request.post(image, to: "/?model=raw", type: "image/jpeg"), "raw"),
          (Request.post(image, to: "/?wait=1", type: "image/jpeg"), nil),
          (Request.chunked(form("chunked"), chunkByteCount: 3), "chunked"),
        ]
        for (number, (request, model)) in requests.enumerated() {
          #expect(try await bench.answer(to: request).status == 200)
          #expect(await bench.worker.work(number + 1).job.model?.description == model)
        }
        try await bench.isIdle()
      }
    }

    @Test("what cannot be a name, two models, and a field after the file are refused; nothing stays of it")
    func refused() async throws {
      try await Bench.with(try #require(Self.server)) { bench in
        let tooLong = String(repeating: "m", count: 65)
        let requests: [([UInt8], String)] = [
          (Request.post(form("")), "malformed-model"), (Request.post(form("a b")), "malformed-model"),
          (Request.post(form(tooLong)), "malformed-model"),
          (Request.post(form(String(repeating: "m", count: 100_000))), "malformed-model"),
          (Request.post(form(), to: "/?model="), "malformed-model"),
          (Request.post(form(), to: "/v1/images?model=\(tooLong)"), "malformed-model"),
          (Request.post(form(), to: "/?model=a%2Fb"), "malformed-model"),
          (Request.post(form(), to: "/?model=%zz"), "malformed-query"),
          (Request.post(form("a", "b")), "contradictory-models"),
          (Request.post(form("a"), to: "/?model=b"), "contradictory-models"),
          (Request.post(form(), to: "/?model=a&model=b"), "contradictory-models"),
          (Request.post(form(after: "a")), "model-after-file"),
          (Request.post(form("a", after: "a")), "model-after-file"),
        ]
        for (request, code) in requests {
          let response = try await bench.answer(to: request)
          #expect(response.status == 400 && response.code == code, "\(response.text)")
        }
        try await bench.isTidy()
        #expect(bench.worker.works.isEmpty)
        #expect(try await bench.storedKeys().isEmpty)
      }
    }

    @Test("a model that the worker does not have is the request's fault, and not for ever", .enabled(if: server != nil))
    func unknown() async throws {
      try await Bench.with(try #require(Self.server), .unanswered) { bench in
        let client = try await bench.connect()
        client.send(Request.post(form("c")))
        let job = await bench.worker.work(1).job
        let error = ClassificationError(code: .unknownModel, message: "There is no model c; there is a, b.")
        try await bench.worker.store(.failure(error), of: job.key, in: bench.configuration.outputBucket)
        try await bench.worker.send(.failure(error), to: job)
        let response = try await client.response()
        #expect(response.status == 422 && response.code == "unknown-model")
        #expect(response.member("detail") == "There is no model c; there is a, b.")
        client.close()
        let later = try await bench.get("/v1/results/\(job.id)")
        #expect(later.status == 422 && later.headers["cache-control"] == "no-store")
      }
    }

    @Test("under one idempotency key each model has its own answer", .enabled(if: server != nil))
    func idempotent() async throws {
      try await Bench.with(try #require(Self.server)) { bench in
        let header = "Idempotency-Key: \"k\"\r\n"
        for path in ["/v1/images", "/v1/images?model=a", "/v1/images?model=b"] {
          for isRepetition in [false, true] {
            let response = try await bench.answer(to: Request.post(form(), to: path, headers: header))
            #expect(response.status == 200)
            #expect(response.headers["idempotency-replayed"] == (isRepetition ? "true" : nil))
          }
        }
        #expect(bench.worker.works.map { $0.job.model?.description } == [nil, "a", "b"])
        #expect(Set(bench.worker.works.map(\.job.id)).count == 3)

        // The ids follow from the model before the form is read.
        let late = try await bench.answer(to: Request.post(form("a"), headers: header))
        #expect(late.status == 400 && late.code == "model-not-in-query")
        let both = try await bench.answer(to: Request.post(form("a"), to: "/v1/images?model=a", headers: header))
        #expect(both.status == 200 && both.headers["idempotency-replayed"] == "true")
        try await bench.isIdle()
        #expect(bench.worker.works.count == 3)
      }
    }
  }
}
