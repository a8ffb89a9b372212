import EventLoop
import Foundation
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("Event stream")
  struct EventsTests {
    /// One is enough where the kind of server makes no difference.
    private static let server = Bench.servers.suffix(1)

    private static func setting(_ change: (inout ActivityLimits) -> Void = { _ in }) -> Bench.Setting {
      var setting = Bench.Setting()
      setting.limits.activity.tick = .milliseconds(20)
      change(&setting.limits.activity)
      return setting
    }

    @LoopActor private static func listen(_ bench: Bench, headers: String = "") async throws -> Client {
      let client = try await bench.connect()
      client.send(Request.head("GET", "/v1/events", headers))
      return client
    }

    /// The data of each event, as far as they have come.
    private static func states(_ text: String) throws -> [[String: Any]] {
      try text.components(separatedBy: "data: ").dropFirst().compactMap { piece in
        guard let line = piece.components(separatedBy: "\n\n").first, piece.contains("\n\n") else { return nil }
        return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
    }

    @Test(
      "the first event comes at once, and the next ones tell of queue, workers and uploads", arguments: Bench.servers)
    func events(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, Self.setting { $0.queuePause = .milliseconds(20) }) { bench in
        #expect(try await bench.answer(to: Request.post(Form.file(photograph(5000)))).status == 200)
        let client = try await Self.listen(bench)
        let first = try await client.received("\n\n", count: 2)
        let head = try #require(first.components(separatedBy: "\r\n\r\n").first).lowercased()
        #expect(head.hasPrefix("http/1.1 200 ") && head.contains("content-type: text/event-stream\r\n"))
        #expect(head.contains("cache-control: no-store") && head.contains("x-accel-buffering: no"))
        #expect(head.contains("x-request-id: "))
        #expect(first.contains("retry: 2000\nevent: state\ndata: {"))
        let text = try await client.received("\"visible\":0")
        let state = try #require(try Self.states(text).last)
        #expect((state["workers"] as? [String: Any])?["seen"] as? Int == 1)
        #expect(state["pending"] as? Int == 0 && state["uploads"] as? Int == 0)
        let rates = try #require(state["rates"] as? [String: Double])
        #expect(Set(rates.keys) == ["answered", "failed", "refused"])
        let at = try #require(state["at"] as? String)
        #expect((try? Date(at, strategy: .iso8601)) != nil)
        client.close()
        // It is counted once it has ended.
        let route = "saccade_http_requests_total{route=\"/v1/events\",status=\"200\"}"
        try await bench.wait(for: route) { $0 == 1 }
      }
    }

    @Test("rates are those of the last moments")
    func rates() async throws {
      guard let server = Bench.servers.last else { return }
      try await Bench.with(server, Self.setting { $0.rateTickCount = 5 }) { bench in
        let client = try await Self.listen(bench)
        _ = try await client.received("\"answered\":0")
        #expect(try await bench.answer(to: Request.post(Form.file(photograph(5000)))).status == 200)
        // One within 100 ms is about ten a second, and none a little later.
        let told = try await client.received("\"answered\":").components(separatedBy: "\"answered\":").count
        let text = try await client.received("\"answered\":", count: told + 30)
        let answered = try Self.states(text).compactMap { ($0["rates"] as? [String: Double])?["answered"] }
        #expect(answered.contains { $0 > 0 } && answered.last == 0)
        client.close()
      }
    }

    @Test("however many listen, the queue is asked by one, and not at all when nobody does", arguments: server)
    func oneSampler(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, Self.setting { $0.queuePause = .milliseconds(200) }) { bench in
        let before = bench.callCount("GetQueueAttributes")
        try await sleep(for: .milliseconds(300))
        #expect(bench.callCount("GetQueueAttributes") == before)
        let begin = ContinuousClock.now
        var clients: [Client] = []
        for _ in 0..<8 { clients.append(try await Self.listen(bench)) }
        for client in clients { _ = try await client.received("event: state", count: 20) }
        // One at the beginning, and one after each pause since; by another clock than the loop's.
        let looks = Int((ContinuousClock.now - begin) / .milliseconds(200)) + 2
        let asked = bench.callCount("GetQueueAttributes") - before
        #expect(asked >= 1 && asked <= looks)
        for client in clients { client.close() }
        try await bench.wait(for: "saccade_http_requests_total{route=\"/v1/events\",status=\"200\"}") { $0 == 8 }
        // The last may have been under way.
        try await sleep(for: .seconds(1))
        let after = bench.callCount("GetQueueAttributes")
        try await sleep(for: .milliseconds(300))
        #expect(bench.callCount("GetQueueAttributes") == after)
      }
    }

    @Test("there are so many streams, and one that ends makes room", arguments: server)
    func bound(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, Self.setting { $0.streamCountMax = 2 }) { bench in
        let clients = [try await Self.listen(bench), try await Self.listen(bench)]
        for client in clients { _ = try await client.received("event: state") }
        let refused = try await bench.get("/v1/events")
        #expect(refused.status == 503 && refused.code == "too-many-streams")
        #expect(refused.headers["retry-after"] == "30")
        clients[0].close()
        try await bench.wait(for: "saccade_http_requests_total{route=\"/v1/events\",status=\"200\"}") { $0 == 1 }
        let next = try await Self.listen(bench)
        _ = try await next.received("event: state")
        for client in [clients[1], next] { client.close() }
      }
    }

    @Test("a stop ends the streams as a whole, and is not held up by them", arguments: server)
    func stop(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, Self.setting()) { bench in
        let clients = [try await Self.listen(bench), try await Self.listen(bench)]
        for client in clients { _ = try await client.received("event: state") }
        await bench.tier.stop(within: .seconds(3600))
        // The last chunk: the client sees an end, and not a failure.
        for client in clients { #expect(try await client.received("\r\n0\r\n\r\n").hasSuffix("\r\n0\r\n\r\n")) }
      }
    }

    @Test("HEAD brings the head alone, and takes no place", arguments: server)
    func head(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, Self.setting { $0.streamCountMax = 1 }) { bench in
        let client = try await bench.connect()
        for _ in 0..<3 {
          client.send(Request.head("HEAD", "/v1/events", ""))
          let response = try await client.response(toHead: true)
          #expect(response.status == 200 && response.headers["content-type"] == "text/event-stream")
        }
        client.close()
      }
    }
  }
}
