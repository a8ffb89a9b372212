import EventLoop
import HTTP
import Jobs
import Logs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  /// Answers that come from the HTTP server itself, without or in place of the tier's handler.
  @Suite("Refusals of the HTTP server")
  struct RefusalTests {
    private static let server = Bench.servers.prefix(1)

    private static func problem(_ code: String, _ status: Int) -> (String, [String: String]) {
      ("saccade_problems_total", ["code": code, "status": "\(status)"])
    }

    @Test("what is no request gets a new id with its answer, and is counted and logged", arguments: server)
    func malformed(server: ServerUnderTest.Kind) async throws {
      let file = try AccessLogTests.LogFile()
      var setting = AccessLogTests.setting(file, .json, includesAll: true)
      setting.http.sweepInterval = .milliseconds(5)
      setting.http.headDuration = .milliseconds(500)
      try await Bench.with(server, setting) { bench in
        let named = "X-Request-Id: mine\r\n"
        let expected = [
          ("\(named)\r\n", 400, "malformed-request"),
          ("GET / HTTP/1.1\r\nHost: a\r\n\(named)A b: c\r\n\r\n", 400, "malformed-request"),
          ("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\n", 414, "uri-too-long"),
          ("GET / HTTP/1.1\r\n\(named)A: \(String(repeating: "a", count: 40_000))", 431, "head-too-large"),
          ("GET / HTTP/2.0\r\n\r\n", 505, "version-not-supported"),
          // Half a head, which is all that ever comes.
          ("GET / HTTP/1.1\r\n\(named)", 408, "head-too-slow"),
        ]
        var ids: [String] = []
        for (request, status, code) in expected {
          let response = try await bench.answer(to: Array(request.utf8))
          #expect(response.status == status)
          #expect(response.code == code)
          ids.append(try #require(response.headers["x-request-id"]))
          #expect(RequestID(ids.last ?? "") != nil)
        }
        // Nothing in what is no request is believed.
        #expect(Set(ids).count == expected.count && !ids.contains("mine"))
        let metrics = try await bench.metrics()
        for (_, status, code) in expected {
          let (name, labels) = Self.problem(code, status)
          let count = expected.count { $0.2 == code }
          #expect(metrics[name, labels] == Double(count), "\(code)")
        }
        #expect(metrics["saccade_http_requests_total", ["route": "other", "status": "400"]] == 2)
        await bench.stop()
        let lines = try file.objects().filter { $0["code"] != nil }
        #expect(lines.map { $0["request"] as? String } == ids)
        #expect(lines.map { $0["status"] as? Int } == expected.map(\.1))
        #expect(lines.map { $0["code"] as? String } == expected.map(\.2))
        #expect(lines.allSatisfy { $0["client"] as? String == "127.0.0.1" })
      }
    }

    @Test("a body that announces too much is refused under the client's own id, and is in the log", arguments: server)
    func tooLarge(server: ServerUnderTest.Kind) async throws {
      let file = try AccessLogTests.LogFile()
      var setting = AccessLogTests.setting(file, .json)
      setting.limits.bodyByteCountMax = 10_000
      try await Bench.with(server, setting) { bench in
        let head = "Content-Type: image/jpeg\r\nContent-Length: 10001\r\nX-Request-Id: mine\r\n"
        let client = try await bench.connect()
        client.send(Request.head("POST", "/v1/images", head))
        let response = try await client.response()
        #expect(response.status == 413)
        #expect(response.code == "body-too-large")
        #expect(response.headers["x-request-id"] == "mine")
        try await client.ends()
        client.close()
        let metrics = try await bench.metrics()
        let (name, labels) = Self.problem("body-too-large", 413)
        #expect(metrics[name, labels] == 1)
        #expect(metrics["saccade_http_requests_total", ["route": "/v1/images", "status": "413"]] == 1)
        await bench.stop()
        let lines = try file.objects()
        #expect(lines.count == 1)
        #expect(lines.first?["request"] as? String == "mine")
        #expect(lines.first?["path"] as? String == "/v1/images")
        #expect(lines.first?["code"] as? String == "body-too-large")
      }
    }

    @Test("a connection that finds no room gets an id with its answer", arguments: server, [true, false])
    func noRoom(server: ServerUnderTest.Kind, isOfAddress: Bool) async throws {
      var setting = Bench.Setting()
      if isOfAddress { setting.http.connectionsPerAddressMax = 1 } else { setting.http.connectionCountMax = 1 }
      let (code, status) = isOfAddress ? ("too-many-connections-of-address", 429) : ("too-many-connections", 503)
      try await Bench.with(server, setting) { bench in
        let first = try await bench.connect()
        let get = Request.head("GET", "/metrics", "")
        first.send(get)
        #expect(try await first.response().status == 200)
        var ids: Set<String> = []
        for _ in 0..<2 {
          let second = try await bench.connect()
          let response = try await second.response()
          #expect(response.status == status)
          #expect(response.code == code)
          ids.insert(try #require(response.headers["x-request-id"]))
          second.close()
        }
        #expect(ids.count == 2)
        first.send(get)
        let metrics = try PrometheusText(parsing: try await first.response().text)
        let (name, labels) = Self.problem(code, status)
        #expect(metrics[name, labels] == 2)
        first.close()
      }
    }

    @Test("a request that takes too long is one request, under the id of its handler", arguments: server)
    func tooLong(server: ServerUnderTest.Kind) async throws {
      let file = try AccessLogTests.LogFile()
      var setting = AccessLogTests.setting(file, .json)
      setting.limits.answerTimeout = .milliseconds(50)
      setting.http.sweepInterval = .milliseconds(5)
      setting.http.requestDuration = .milliseconds(50)
      try await Bench.with(server, setting) { bench in
        // S3 does not take it.
        bench.gate.close()
        let response = try await bench.answer(to: Request.post(Form.file(photograph(1000))))
        #expect(response.status == 503)
        #expect(response.code == "request-too-long")
        let id = try #require(response.headers["x-request-id"])
        bench.gate.open()
        try await bench.isTidy()
        let metrics = try await bench.metrics()
        let (name, labels) = Self.problem("request-too-long", 503)
        #expect(metrics[name, labels] == 1)
        #expect(metrics["saccade_http_requests_total", ["route": "/v1/images", "status": "503"]] == 1)
        #expect(metrics["saccade_http_requests_total", ["route": "/v1/images", "status": "499"]] == nil)
        await bench.stop()
        let lines = try file.objects()
        #expect(lines.map { $0["request"] as? String } == [id])
        #expect(lines.map { $0["code"] as? String } == ["request-too-long"])
        #expect(lines.map { $0["files"] as? Int } == [1])
      }
    }
  }
}
