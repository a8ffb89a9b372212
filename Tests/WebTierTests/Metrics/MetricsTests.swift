import EventLoop
import Jobs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("Metrics")
  struct MetricsTests {
    /// What a worker says that it took: 30 ms in the queue, 8 ms of the model.
    static let timed = Bench.Setting(answer: { work in
      .success(
        Classification(
          key: work.job.key, name: work.job.name, candidates: [.init(label: "cat", wnid: nil, confidence: 1)],
          model: "stub", worker: "tests",
          timings: .init(queue: .milliseconds(30), classify: .milliseconds(8), total: .milliseconds(20))))
    })

    @Test("known uploads are counted, byte for byte and second for second", arguments: Bench.servers)
    func values(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, MetricsTests.timed) { bench in
        let empty = try await bench.metrics()
        #expect(empty["saccade_images_total", ["outcome": "answered"]] == 0)
        #expect(empty["saccade_answer_seconds_count"] == 0)
        #expect(empty["saccade_aws_cost_dollars_per_image"] == 0)

        let one = Form.file(photograph(100_000), name: "a.jpg")
        var form = Form()
        form.addFile(photograph(5000), name: "b.jpg")
        form.addFile(photograph(7000), name: "c.jpg")
        let two = form.closed()
        #expect(try await bench.answer(to: Request.post(one)).status == 200)
        #expect(try await bench.answer(to: Request.post(two, to: "/")).status == 200)
        let bad = Form.file(Array("no image at all".utf8))
        #expect(try await bench.answer(to: Request.post(bad)).status == 415)
        #expect(try await bench.get("/nothing/here").status == 404)
        #expect(try await bench.get("/v1/results/what").status == 404)

        let metrics = try await bench.metrics()
        #expect(metrics["saccade_http_requests_total", ["route": "/v1/images", "status": "200"]] == 1)
        #expect(metrics["saccade_http_requests_total", ["route": "/", "status": "200"]] == 1)
        #expect(metrics["saccade_http_requests_total", ["route": "/v1/images", "status": "415"]] == 1)
        #expect(metrics["saccade_http_requests_total", ["route": "other", "status": "404"]] == 1)
        #expect(metrics["saccade_http_requests_total", ["route": "/v1/results/{id}", "status": "404"]] == 1)
        #expect(metrics["saccade_http_requests_total", ["route": "/metrics", "status": "200"]] == 1)
        #expect(metrics["saccade_problems_total", ["code": "not-an-image", "status": "415"]] == 1)
        #expect(metrics["saccade_problems_total", ["code": "no-such-route", "status": "404"]] == 1)
        #expect(metrics["saccade_images_total", ["outcome": "answered"]] == 3)
        #expect(metrics["saccade_images_total", ["outcome": "refused"]] == 1)
        #expect(metrics["saccade_uploads_total"] == 4)
        #expect(metrics["saccade_uploads_stored_total"] == 3)
        #expect(metrics["saccade_upload_received_bytes_total"] == Double(one.count + two.count + bad.count))
        #expect(metrics["saccade_upload_stored_bytes_total"] == 112_000)
        #expect(metrics["saccade_connections"].map { $0 >= 1 } == true)

        #expect(metrics["saccade_upload_seconds_count"] == 2)
        #expect(metrics["saccade_answer_seconds_count"] == 2)
        let upload = try #require(metrics["saccade_upload_seconds_sum"])
        let total = try #require(metrics["saccade_answer_seconds_sum"])
        #expect(upload > 0 && upload < total)
        #expect(metrics["saccade_queue_wait_seconds_count"] == 3)
        #expect(abs((metrics["saccade_queue_wait_seconds_sum"] ?? 0) - 0.09) < 1e-9)
        #expect(metrics["saccade_queue_wait_seconds_bucket", ["le": "0.025"]] == 0)
        #expect(metrics["saccade_queue_wait_seconds_bucket", ["le": "0.05"]] == 3)
        #expect(metrics["saccade_inference_seconds_bucket", ["le": "0.005"]] == 0)
        #expect(metrics["saccade_inference_seconds_bucket", ["le": "0.01"]] == 3)

        let puts = ["service": "s3", "operation": "PutObject", "outcome": "succeeded"]
        #expect(metrics["saccade_aws_calls_total", puts] == 3)
        #expect(abs((metrics["saccade_aws_cost_dollars_total", ["operation": "PutObject"]] ?? 0) - 15e-6) < 1e-12)
        let costs = metrics.values.filter { $0.key.name == "saccade_aws_cost_dollars_total" }.values.reduce(0, +)
        #expect(abs((metrics["saccade_aws_cost_dollars_per_image"] ?? 0) - costs / 3) < 1e-12)
      }
    }

    @Test("a client that leaves is not counted as a fault of the server", arguments: Bench.servers)
    func clientLeft(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, .unanswered) { bench in
        let client = try await bench.connect()
        client.send(Request.post(Form.file(photograph(2000))))
        _ = await bench.worker.work(1)
        client.close()
        try await bench.isIdle()
        let metrics = try await bench.metrics()
        #expect(metrics["saccade_http_requests_total", ["route": "/v1/images", "status": "499"]] == 1)
        #expect(metrics["saccade_problems_total", ["code": "cancelled", "status": "499"]] == 1)
        #expect(metrics["saccade_images_total", ["outcome": "cancelled"]] == 1)
        #expect(!metrics.values.contains { $0.key.labels["status"] == "503" })
      }
    }

    @Test("codes that workers make up take no more places than there are", arguments: Bench.servers)
    func labelBound(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting(answer: { work in
        .failure(.init(code: .init(rawValue: "code-of-\(work.job.name)"), message: "New."))
      })
      setting.limits.problemLabelCountMax = 2
      try await Bench.with(server, setting) { bench in
        for name in ["a", "b", "c", "d", "a"] {
          #expect(try await bench.answer(to: Request.post(Form.file(photograph(500), name: name))).status == 502)
        }
        let metrics = try await bench.metrics()
        #expect(metrics["saccade_problems_total", ["code": "code-of-a", "status": "502"]] == 2)
        #expect(metrics["saccade_problems_total", ["code": "code-of-b", "status": "502"]] == 1)
        #expect(metrics["saccade_problems_total", ["code": "other", "status": "0"]] == 2)
        #expect(metrics.values.keys.count { $0.name == "saccade_problems_total" } == 3)
      }
    }

    @Test("a request's id goes all the way to the job and comes back with the answer", arguments: Bench.servers)
    func requestID(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        let form = Form.file(photograph(3000))
        let named = try await bench.answer(to: Request.post(form, headers: "X-Request-Id: from.the_client-1\r\n"))
        #expect(named.status == 200)
        #expect(named.headers["x-request-id"] == "from.the_client-1")
        #expect(await bench.worker.work(1).job.requestID?.description == "from.the_client-1")
        #expect(named.member("requestId") == "from.the_client-1")

        let unnamed = try await bench.answer(to: Request.post(form))
        let made = try #require(unnamed.headers["x-request-id"])
        #expect(await bench.worker.work(2).job.requestID?.description == made)
        for insane in ["a b", "x\"y", String(repeating: "n", count: 129)] {
          let response = try await bench.answer(
            to: Array(Request.head("GET", "/none", "X-Request-Id: \(insane)\r\n").utf8))
          #expect(response.status == 404)
          let id = try #require(response.headers["x-request-id"])
          #expect(id != insane && id != made && RequestID(id) != nil)
        }
      }
    }
  }
}

extension Bench {
  func metrics() async throws -> PrometheusText {
    let response = try await get("/metrics")
    #expect(response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
    return try PrometheusText(parsing: response.text)
  }
}
