import EventLoop
import HTTP
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("One client's stream of events")
  struct EventStreamTests {
    /// A server that answers with the stream, and a client that has asked for it.
    @LoopActor private static func serve(
      _ stream: EventStream, limits: HTTPLimits = HTTPLimits()
    ) async throws -> (HTTPServer, Client) {
      let server = try HTTPServer(host: "127.0.0.1", port: 0, limits: limits) { _, writer in
        await writer.send(HTTPResponse(status: .ok), streaming: stream)
      }
      let client = try await Client.connect(to: server.localAddress)
      client.send(Request.head("GET", "/", ""))
      return (server, client)
    }

    @Test("an event that has not been written makes room for the next one")
    func newest() async throws {
      try await onLoop {
        var endCount = 0
        let stream = EventStream { _ in endCount += 1 }
        for number in 1...3 { stream.offer(Array("event \(number)\n".utf8)) }
        let (server, client) = try await Self.serve(stream)
        _ = try await client.received("event 3\n")
        stream.offer(Array("event 4\n".utf8))
        _ = try await client.received("event 4\n")
        stream.end()
        let all = try await client.received("\r\n0\r\n\r\n")
        #expect(!all.contains("event 1") && !all.contains("event 2") && endCount == 1)
        client.close()
        await server.shutdown(within: .seconds(5))
      }
    }

    @Test("who takes nothing of it is let go")
    func stalled() async throws {
      try await onLoop {
        var limits = HTTPLimits()
        limits.writeStallDuration = .milliseconds(200)
        limits.sweepInterval = .milliseconds(20)
        var isEnded = false
        let stream = EventStream { _ in isEnded = true }
        let (server, client) = try await Self.serve(stream, limits: limits)
        stream.offer([0x61])
        _ = try await client.received("a")
        client.stopReading()
        // More than the kernel takes for a client that does not read.
        let event = [UInt8](repeating: 0x62, count: 4 << 20)
        for _ in 0..<2000 where !isEnded {
          stream.offer(event)
          try await sleep(for: .milliseconds(5))
        }
        #expect(isEnded)
        #expect(server.connectionCount == 0)
        client.close()
        await server.shutdown(within: .seconds(5))
      }
    }
  }
}
