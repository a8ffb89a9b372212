import EventLoop
import Foundation
import Jobs
import Logs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("Access log")
  struct AccessLogTests {
    /// A file that takes the lines, and what stands in it.
    final class LogFile: Sendable {
      let url = FileManager.default.temporaryDirectory.appending(path: "access-\(UUID().uuidString).log")
      private let handle: FileHandle
      let output: LogOutput

      init() throws {
        try Data().write(to: url)
        handle = try FileHandle(forWritingTo: url)
        output = LogOutput(descriptor: handle.fileDescriptor)
      }

      deinit { try? FileManager.default.removeItem(at: url) }

      func lines() throws -> [String] {
        try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init)
      }

      func objects() throws -> [[String: Any]] {
        try lines().map { line in
          try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
      }
    }

    static func setting(_ file: LogFile, _ format: LogFormat, includesAll: Bool = false) -> Bench.Setting {
      var setting = MetricsTests.timed
      setting.accessLog = .init(format: format, output: file.output, includesAll: includesAll)
      return setting
    }

    @Test("each request with images leaves one line that tells its story", arguments: Bench.servers)
    func uploads(server: ServerUnderTest.Kind) async throws {
      let file = try LogFile()
      try await Bench.with(server, AccessLogTests.setting(file, .json)) { bench in
        let form = Form.file(photograph(100_000), name: "a.jpg")
        let headers = "X-Request-Id: mine\r\nUser-Agent: curl/8 \"quoted\"\r\n"
        #expect(try await bench.answer(to: Request.post(form, headers: headers)).status == 200)
        var two = Form()
        two.addFile(photograph(5000), name: "b.jpg")
        two.addFile(photograph(7000), name: "c.jpg")
        #expect(try await bench.answer(to: Request.post(two.closed(), to: "/")).status == 200)
        #expect(try await bench.answer(to: Request.post(Form.file(Array("text".utf8)))).status == 415)
        // Not logged: no images.
        #expect(try await bench.get("/healthz").status == 200)
        // What is gathered is written at the stop, not later.
        await bench.stop()
        let lines = try file.objects()
        try #require(lines.count == 3)
        let first = try #require(lines.first)
        #expect(first["level"] as? String == "info")
        #expect(first["label"] as? String == "access")
        #expect(first["request"] as? String == "mine")
        #expect(first["client"] as? String == "127.0.0.1")
        #expect(first["method"] as? String == "POST")
        #expect(first["path"] as? String == "/v1/images")
        #expect(first["status"] as? Int == 200)
        #expect(first["bytes"] as? Int == form.count)
        #expect(first["files"] as? Int == 1)
        #expect(first["objects"] as? [String] == [bench.worker.works[0].job.id.description])
        #expect(first["queue_ms"] as? Double == 30)
        #expect(first["classify_ms"] as? Double == 8)
        #expect(first["agent"] as? String == "curl/8 \"quoted\"")
        #expect(first["code"] == nil)
        let upload = try #require(first["upload_ms"] as? Double)
        #expect(upload > 0 && upload < (first["total_ms"] as? Double ?? 0))
        #expect(lines[1]["files"] as? Int == 2)
        #expect(lines[1]["objects"] as? [String] == bench.worker.works.dropFirst().map(\.job.id.description).sorted())
        #expect(lines[2]["status"] as? Int == 415)
        #expect(lines[2]["code"] as? String == "not-an-image")
        #expect(lines[2]["upload_ms"] == nil)
      }
    }

    @Test("a line names the client behind the proxies, and whose key it was", arguments: Bench.servers.prefix(1))
    func client(server: ServerUnderTest.Kind) async throws {
      let file = try LogFile()
      let keys = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: keys) }
      try APIKey.line(name: "alice", key: "secret", rate: nil).write(to: keys, atomically: true, encoding: .utf8)
      var setting = AccessLogTests.setting(file, .json, includesAll: true)
      setting.access.keyFile = keys.path
      setting.access.trustedProxies = [try #require(Subnet("127.0.0.1"))]
      try await Bench.with(server, setting) { bench in
        for headers in ["X-Forwarded-For: 2001:db8::1\r\nX-API-Key: secret\r\n", ""] {
          _ = try await bench.get("/metrics", headers: headers)
        }
        await bench.stop()
        let lines = try file.objects().filter { $0["path"] as? String == "/metrics" }
        #expect(lines.map { $0["client"] as? String } == ["2001:db8::1", "127.0.0.1"])
        #expect(lines.map { $0["key"] as? String } == ["alice", nil])
        #expect(lines.map { $0["code"] as? String } == [nil, "key-missing"])
      }
    }

    @Test("where debug lines are wanted every request is logged, in text as in JSON", arguments: Bench.servers)
    func everything(server: ServerUnderTest.Kind) async throws {
      let file = try LogFile()
      try await Bench.with(server, AccessLogTests.setting(file, .text, includesAll: true)) { bench in
        let path = "/" + String(repeating: "p", count: 5000)
        #expect(try await bench.get(path).status == 404)
        #expect(
          try await bench.answer(to: Array(Request.head("GET", "/healthz", "User-Agent: a b\r\n").utf8)).status == 200)
        await bench.stop()
        let lines = try file.lines()
        try #require(lines.count == 2)
        #expect(lines[0].contains(" debug access: request="))
        #expect(lines[0].contains(" path=/\(String(repeating: "p", count: 255))… status=404 code=no-such-route "))
        #expect(lines[1].hasSuffix(" agent=\"a b\""))
      }
    }

    @Test("a page of lines is written at once, and a few lines soon", arguments: Bench.servers)
    func flushing(server: ServerUnderTest.Kind) async throws {
      let file = try LogFile()
      try await Bench.with(server, AccessLogTests.setting(file, .json, includesAll: true)) { bench in
        for _ in 0..<40 { _ = try await bench.get("/healthz") }
        let early = try file.lines().count
        #expect(early > 0 && early <= 40)
        for _ in 0..<1000 where try file.lines().count < 40 { try await sleep(for: .milliseconds(10)) }
        #expect(try file.objects().count == 40)
      }
    }
  }
}
