import AWS
import EventLoop
import Foundation
import Jobs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("The Open Inference Protocol")
  struct InferenceTests {
    static let server = Bench.servers.last
    static let infer = "/v2/models/m/infer"

    /// Answers with a version, and two candidates.
    static func answers(version: String? = "3") -> Bench.Setting {
      Bench.Setting(answer: { work in
        .success(
          Classification(
            key: work.job.key, name: work.job.name,
            candidates: [
              .init(label: "é\"\(work.number)", wnid: "n1", confidence: 0.75),
              .init(label: "b", wnid: nil, confidence: 1e-8),
            ], model: "m", modelVersion: version, worker: "tests",
            timings: .init(queue: .milliseconds(7), classify: .milliseconds(5))))
      })
    }

    func json(_ body: [UInt8]) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
    }

    @Test("both encodings store the images they carry, and answer in JSON or binary", .enabled(if: server != nil))
    func answered() async throws {
      try await Bench.with(try #require(Self.server), Self.answers()) { bench in
        let images = [photograph(700_000, seed: 1), photograph(40_000, seed: 2)]
        let body = InferenceBody(shape: [2], extra: ", \"id\": \"x\"")
        let requests = [
          Request.post(body.text(images), to: Self.infer, type: "application/json"),
          Request.chunked(body.text(images), to: Self.infer, type: "application/json; charset=utf-8"),
          body.binary(images),
        ]
        for (number, request) in requests.enumerated() {
          let response = try await bench.answer(to: request)
          #expect(response.status == 200, "\(response.text)")
          let answer = try json(response.body)
          #expect(answer["id"] as? String == "x" && answer["model_name"] as? String == "m")
          #expect(answer["model_version"] as? String == "3")
          #expect((answer["parameters"] as? [String: Double])?["queue_ms"] == 7)
          let outputs = try #require(answer["outputs"] as? [[String: Any]])
          #expect(outputs.map { $0["name"] as? String } == ["label", "score", "labels", "scores", "wnids", "id"])
          #expect(outputs.map { $0["shape"] as? [Int] } == [[2], [2], [2, 2], [2, 2], [2, 2], [2]])
          #expect(outputs[3]["data"] as? [Double] == [0.75, 1e-8, 0.75, 1e-8])
          #expect(outputs[4]["data"] as? [String] == ["n1", "", "n1", ""])
          let works = Array(bench.worker.works.suffix(2))
          #expect(Set(works.map { $0.image?.description }) == Set(images.map { Fingerprint($0).description }))
          #expect(works.allSatisfy { $0.job.model?.description == "m" })
          #expect(Set(outputs[5]["data"] as? [String] ?? []) == Set(works.map(\.job.id.description)))
          #expect(bench.worker.works.count == 2 * (number + 1))
        }
        var binary = body
        binary.extra = #", "outputs": [{"name": "score", "parameters": {"binary_data": true}}, {"name": "label"}]"#
        let response = try await bench.answer(to: binary.binary(images))
        #expect(response.headers["content-type"] == "application/octet-stream")
        let length = try #require(response.headers["inference-header-content-length"].flatMap { Int($0) })
        let outputs = try #require(try json(Array(response.body[..<length]))["outputs"] as? [[String: Any]])
        #expect((outputs[0]["parameters"] as? [String: Int])?["binary_data_size"] == 8)
        #expect(Array(response.body[length...]) == [0, 0, 0x40, 0x3F, 0, 0, 0x40, 0x3F])
        #expect((outputs[1]["data"] as? [String])?.allSatisfy { $0.hasPrefix("é\"") } == true)
        try await bench.isTidy()
      }
    }

    @Test("a request that comes in single bytes is answered like any other", .enabled(if: server != nil))
    func single() async throws {
      try await Bench.with(try #require(Self.server), Self.answers()) { bench in
        let image = photograph(200)
        let body = InferenceBody()
        let requests = [
          Request.chunked(body.text([image]), to: Self.infer, type: "application/json", chunkByteCount: 1),
          body.binary([image]),
        ]
        for request in requests {
          let client = try await bench.connect()
          for byte in request { client.send([byte]) }
          #expect(try await client.response().status == 200)
          client.close()
        }
        #expect(bench.worker.works.map { $0.image?.description } == [image, image].map { Fingerprint($0).description })
      }
    }

    @Test("hostile headers, sizes and tensors are refused; nothing stays of them", .enabled(if: server != nil))
    func refused() async throws {
      try await Bench.with(try #require(Self.server)) { bench in
        let image = photograph(5000)
        let body = InferenceBody()
        let tensor = InferenceBody.tensor([image])
        let header = body.header(byteCount: tensor.count)
        func post(_ body: [UInt8], _ headers: String = "") -> [UInt8] {
          Request.post(body, to: Self.infer, type: nil, headers: headers)
        }
        func length(_ text: String) -> String { "Inference-Header-Content-Length: \(text)\r\n" }
        let lies = InferenceBody.length(1 << 31) + image
        let many = InferenceBody(shape: [33])
        var requests: [([UInt8], Int, String)] = []
        for text in ["0", "-1", "+5", "5.0", "x", "", "99999999999999999999", "\(header.count + tensor.count + 1)"] {
          requests.append((post(header + tensor, length(text)), 400, "malformed-header-length"))
        }
        requests += [
          (post(header + tensor, length("9") + length("9")), 400, "malformed-header-length"),
          (post(header + tensor, length("\(header.count - 1)")), 400, "malformed-inference-request"),
          (post(header + tensor, length("\(header.count + 1)")), 400, "malformed-inference-request"),
          (post(header + tensor + [0], length("\(header.count)")), 400, "tensor-size-mismatch"),
          (post(header + tensor.dropLast(), length("\(header.count)")), 400, "tensor-size-mismatch"),
          (post(header), 400, "unsuitable-input"),
          (body.binary([image], byteCount: 1 << 62), 400, "tensor-size-mismatch"),
          (
            post(body.header(byteCount: lies.count) + lies, length("\(body.header(byteCount: lies.count).count)")), 400,
            "tensor-size-mismatch"
          ),
          (InferenceBody(shape: [2]).binary([image]), 400, "tensor-size-mismatch"),
          (InferenceBody(shape: [1]).binary([image, image]), 400, "tensor-size-mismatch"),
          (InferenceBody(shape: [1 << 62]).binary([image]), 413, "too-many-files"),
          (many.binary(Array(repeating: image, count: 33)), 413, "too-many-files"),
          (post(many.text(Array(repeating: image, count: 33))), 413, "too-many-files"),
          (InferenceBody(datatype: "FP32").binary([image]), 400, "unsuitable-input"),
          (InferenceBody(shape: [1, 3]).binary([image]), 400, "unsuitable-input"),
          (InferenceBody(extra: #", "outputs": [{"name": "x"}]"#).binary([image]), 400, "unknown-output"),
          (body.binary([[]]), 400, "empty-file"), (post(body.text([[]])), 400, "empty-file"),
          (body.binary([Array("no image at all".utf8)]), 415, "not-an-image"),
          (InferenceBody(shape: [2]).binary([image, Array("no image at all".utf8)]), 415, "not-an-image"),
          (post(InferenceBody(shape: [2]).text([image, Array("no image at all".utf8)])), 415, "not-an-image"),
          (post(body.text([image]).dropLast()), 400, "malformed-inference-request"),
          (post(InferenceBody(shape: [2]).text([image])), 400, "tensor-size-mismatch"),
          (post(body.text([image]) { "\"\($0)!\"" }), 400, "malformed-base64"),
          (
            post(InferenceBody(extra: ", \"x\": \"\(String(repeating: "x", count: 20_000))\"").text([image])), 413,
            "inference-json-too-large"
          ),
          (post(header + tensor, length("20000") + "X: y\r\n"), 400, "malformed-header-length"),
          (
            InferenceBody(extra: ", \"x\": \"\(String(repeating: "x", count: 20_000))\"").binary([image]), 413,
            "inference-json-too-large"
          ),
          (post([]), 400, "malformed-inference-request"), (post([], length("1")), 400, "malformed-header-length"),
          (body.binary([image], headers: "Content-Encoding: gzip\r\n"), 415, "unsupported-content-encoding"),
          (Request.post(body.text([image]), to: Self.infer, type: "text/plain"), 415, "unsupported-media-type"),
          (body.binary([image], to: "/v2/models/a%20b/infer"), 404, "unknown-model"),
        ]
        for (request, status, code) in requests {
          let response = try await bench.answer(to: request)
          #expect(response.status == status && response.member("code") == code, "\(response.text)")
          #expect(response.member("error") != nil && response.headers["content-type"] == "application/json")
        }
        // A chunked body tells its length at its end only.
        for bytes in [header + tensor + [0], header + tensor.dropLast()] {
          let response = try await bench.answer(
            to: Request.chunked(bytes, to: Self.infer, type: "application/json", headers: length("\(header.count)")))
          #expect(response.status == 400 && response.member("code") == "tensor-size-mismatch", "\(response.text)")
        }
        try await bench.isTidy()
        #expect(bench.worker.works.isEmpty)
        #expect(try await bench.storedKeys().isEmpty)
      }
    }

    @Test("an image that no worker can use fails the request, and says which", .enabled(if: server != nil))
    func undecodable() async throws {
      var setting = Bench.Setting()
      setting.answer = { work in
        let code: ClassificationError.Code = work.job.model?.description == "m" ? .undecodableImage : .unknownModel
        return .failure(ClassificationError(code: code, message: "There is none."))
      }
      try await Bench.with(try #require(Self.server), setting) { bench in
        let image = photograph(5000)
        let one = try await bench.answer(to: InferenceBody().binary([image]))
        #expect(one.status == 422 && one.member("error") == "There is none.")
        #expect(one.member("id") == bench.worker.works.first?.job.id.description)
        let two = try await bench.answer(to: InferenceBody(shape: [2]).binary([image, image]))
        #expect(two.member("error") == "Image 1 of 2: There is none.")
        let unknown = try await bench.answer(to: InferenceBody().binary([image], to: "/v2/models/n/infer"))
        #expect(unknown.status == 404 && unknown.member("code") == "unknown-model")
        #expect(try await bench.metrics()["saccade_problems_total", ["code": "unknown-model", "status": "404"]] == 1)
        #expect(try await bench.get("/v2/models/n").status == 404)
      }
    }

    @Test("who has waited long enough is told where the answer will be", .enabled(if: server != nil))
    func late() async throws {
      var setting = Bench.Setting.unanswered
      setting.limits.answerTimeout = .milliseconds(50)
      try await Bench.with(try #require(Self.server), setting) { bench in
        let response = try await bench.answer(
          to: InferenceBody().binary([photograph(5000)], headers: "Prefer: respond-async\r\n"))
        let job = await bench.worker.work(1).job
        #expect(response.status == 504 && response.member("code") == "answer-late")
        #expect(response.headers["location"] == "/v1/results/\(job.id)" && response.headers["retry-after"] != nil)
        #expect(response.headers["preference-applied"] == nil)
        try await bench.worker.store(
          .success(StubWorker.classification("cat", job.key)), of: job.key, in: bench.configuration.outputBucket)
        #expect(try await bench.get("/v1/results/\(job.id)").member("label") == "cat")
      }
    }

    @Test(
      "models are known when they are listed or have answered, versions when they have answered",
      .enabled(if: server != nil))
    func models() async throws {
      try await Bench.with(try #require(Self.server), Self.answers()) { bench in
        #expect(try await bench.get("/v2/models/m").status == 404)
        #expect(try await bench.get("/v2/models/m/ready").status == 404)
        #expect(try await bench.answer(to: InferenceBody().binary([photograph(5000)])).status == 200)
        let metadata = try await bench.get("/v2/models/m")
        #expect(try json(metadata.body)["versions"] as? [String] == ["3"])
        #expect(try await bench.get("/v2/models/m/versions/3/ready").status == 200)
        #expect(try await bench.get("/v2/models/m/versions/4").member("code") == "unknown-version")
        let other = InferenceBody().binary([photograph(5000)], to: "/v2/models/m/versions/4/infer")
        #expect(try await bench.answer(to: other).member("code") == "unknown-version")
        #expect(try await bench.get("/v2").member("name") == "saccade")
        #expect(try await bench.get("/v2/health/live").status == 200)
        #expect(try await bench.get("/v2/health/ready").status == 200)
        let wrong = try await bench.get(Self.infer)
        #expect(wrong.status == 405 && wrong.headers["allow"] == "POST" && wrong.member("error") != nil)
        #expect(try await bench.get("/v2/nothing").member("code") == "no-such-route")
      }
    }

    @Test("what is remembered of models is bounded")
    func bounded() async throws {
      try await onLoop {
        var limits = WebLimits()
        (limits.knownModelCountMax, limits.knownModelVersionCountMax) = (2, 2)
        let directory = ModelDirectory(listed: [try #require(ModelName("a"))], limits: limits)
        for name in ["b", "c", "a", "a"] {
          for version in ["1", "2", "3"] { directory.learn(try #require(ModelName(name)), version: version) }
        }
        #expect(directory.versions(of: try #require(ModelName("a"))) == ["2", "3"])
        #expect(directory.versions(of: try #require(ModelName("b"))) == ["2", "3"])
        #expect(directory.versions(of: try #require(ModelName("c"))) == nil)
      }
    }

    @Test("under an idempotency key a repetition is stored and classified once", .enabled(if: server != nil))
    func idempotent() async throws {
      try await Bench.with(try #require(Self.server), Self.answers()) { bench in
        let images = [photograph(5000, seed: 1), photograph(6000, seed: 2)]
        for isRepetition in [false, true] {
          let request = InferenceBody(shape: [2]).binary(images, headers: "Idempotency-Key: \"k\"\r\n")
          let response = try await bench.answer(to: request)
          #expect(response.status == 200)
          #expect(response.headers["idempotency-replayed"] == (isRepetition ? "true" : nil))
        }
        #expect(bench.worker.works.count == 2)
        let other = InferenceBody().binary([photograph(5001)], headers: "Idempotency-Key: k\r\n")
        #expect(try await bench.answer(to: other).member("code") == "idempotency-key-reused")
      }
    }

    @Test("the document of the interface is for everybody, and asked about", .enabled(if: server != nil))
    func document() async throws {
      var setting = Bench.Setting()
      setting.access.allowedOrigins = ["https://example.org"]
      try await Bench.with(try #require(Self.server), setting) { bench in
        let document = try await bench.get("/openapi.json", headers: "Origin: https://other.example\r\n")
        #expect(document.status == 200 && document.headers["content-type"] == "application/json")
        #expect(document.headers["access-control-allow-origin"] == "*")
        #expect(document.headers["cross-origin-resource-policy"] == "cross-origin")
        let tag = try #require(document.headers["etag"])
        #expect(try await bench.get("/openapi.json", headers: "If-None-Match: \(tag)\r\n").status == 304)
        let info = try json(document.body)["info"] as? [String: Any]
        #expect(info?["version"] as? String == BuildInfo.version)
      }
    }
  }
}
