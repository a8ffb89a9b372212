import EventLoop
import HTTP
import TestSupport
import Testing

@Suite("The server")
struct ServerTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  @Test("shutdown lets a request in flight finish, closes idle connections and accepts no more")
  func gracefulShutdown() async throws {
    let gate = Gate()
    let begun = Events<Void>()
    try await TestServer { request, writer in
      if request.head.path == "/slow" {
        begun.report(())
        await gate.pass()
      }
      writer.send(HTTPResponse(text: "done"))
    }.run { server, address async throws in
      let idle = try RawClient(address)
      try idle.send(Self.get)
      #expect(try idle.response().status == 200)
      let busy = try RawClient(address)
      try busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + Self.get)
      await begun.next()
      let stopping = Events<Void>()
      let stopped = try await onLoop {
        EventLoop.shared.spawn {
          stopping.report(())
          await server.shutdown(within: .seconds(60))
        }
      }
      await stopping.next()
      #expect(try idle.ends())
      #expect(throws: RawClient.Failure.self) { _ = try RawClient(address) }
      try await onLoop { gate.open() }
      let response = try busy.response()
      #expect(response.text == "done")
      #expect(response.closes)
      #expect(try busy.ends())
      busy.close()
      await stopped.value
      #expect(try await onLoop { server.connectionCount } == 0)
    }
  }

  @Test("shutdown resets what does not finish within its bound, and cancels the handler")
  func boundedShutdown() async throws {
    let begun = Events<Void>()
    let ended = Events<Bool>()
    try await TestServer { _, writer in
      begun.report(())
      try? await sleep(for: .seconds(600))
      ended.report(Task.isCancelled)
    }.run { server, address async throws in
      let client = try RawClient(address)
      try client.send(Self.get)
      await begun.next()
      try await onLoop { await server.shutdown(within: .milliseconds(20)) }
      #expect(await ended.next() == true)
      #expect(throws: RawClient.Failure.system("recv", 104)) { try client.response() }
    }
  }

  @Test("a stop with a grace answers the first or next request of a connection, and says that it is the last")
  func stopGrace() async throws {
    var limits = testLimits
    limits.stopGraceDuration = .seconds(600)
    try await withServer(limits) { server, address async throws in
      let fresh = try RawClient(address)
      let kept = try RawClient(address)
      try kept.send(Self.get)
      #expect(try kept.response().closes == false)
      // The kernel accepts before the server does.
      try await onLoop { while server.connectionCount < 2 { try await sleep(for: .milliseconds(1)) } }
      let stopping = Events<Void>()
      let stopped = try await onLoop {
        EventLoop.shared.spawn {
          stopping.report(())
          await server.shutdown(within: .seconds(60))
        }
      }
      await stopping.next()
      for client in [fresh, kept] {
        try client.send(Self.get)
        #expect(try client.response().closes)
        #expect(try client.ends())
        client.close()
      }
      await stopped.value
    }
  }

  @Test("when the grace of a stop is over, connections that wait for a request are closed")
  func stopGraceEnds() async throws {
    var limits = testLimits
    limits.stopGraceDuration = .milliseconds(20)
    try await withServer(limits) { server, address async throws in
      let client = try RawClient(address)
      try await onLoop { while server.connectionCount < 1 { try await sleep(for: .milliseconds(1)) } }
      let stopped = try await onLoop { EventLoop.shared.spawn { await server.shutdown(within: .seconds(600)) } }
      #expect(try client.ends())
      await stopped.value
    }
  }

  @Test("a connection too many is told so, and the next one is served when one has gone")
  func connectionLimit() async throws {
    var limits = testLimits
    limits.connectionCountMax = 2
    limits.refusedConnectionCountMax = 1
    try await withServer(limits) { server, address async throws in
      let clients = try [RawClient(address), RawClient(address)]
      for client in clients {
        try client.send(Self.get)
        #expect(try client.response().status == 200)
      }
      let refused = try RawClient(address)
      let response = try refused.response()
      #expect(response.status == 503)
      #expect(response["retry-after"] == "1")
      #expect(try response.code == "too-many-connections")
      // Those beyond even this are reset.
      let reset = try RawClient(address)
      #expect(throws: RawClient.Failure.self) {
        _ = try reset.response()
      }
      refused.close()
      clients[0].close()
      try await onLoop { while server.connectionCount > 1 { try await sleep(for: .milliseconds(1)) } }
      #expect(try exchange(address, Self.get).status == 200)
    }
  }

  @Test("an address with a connection too many is told so, others are served, and so is it when one has gone")
  func connectionsPerAddress() async throws {
    var limits = testLimits
    limits.connectionsPerAddressMax = 2
    limits.refusedConnectionCountMax = 1
    try await withServer(limits) { server, address async throws in
      let clients = try (0..<2).map { _ in try RawClient(address) }
      for client in clients {
        try client.send(Self.get)
        #expect(try client.response().status == 200)
      }
      let refused = try RawClient(address)
      let response = try refused.response()
      #expect(response.status == 429)
      #expect(response["retry-after"] == "1")
      #expect(try response.code == "too-many-connections-of-address")
      let reset = try RawClient(address)
      #expect(throws: RawClient.Failure.self) { _ = try reset.response() }
      // All of 127.0.0.0/8 is this machine.
      let neighbour = try RawClient(address, from: "127.0.0.2")
      try neighbour.send(Self.get)
      #expect(try neighbour.response().status == 200)
      refused.close()
      neighbour.close()
      clients[0].close()
      try await onLoop { while server.connectionCount > 1 { try await sleep(for: .milliseconds(1)) } }
      for _ in 0..<3 {
        // Nothing is left counted of those that have gone.
        let next = try RawClient(address)
        try next.send(Self.get)
        #expect(try next.response().status == 200)
        next.close()
        try await onLoop { while server.connectionCount > 1 { try await sleep(for: .milliseconds(1)) } }
      }
    }
  }

  @Test("a proxy's connections are not counted by its address")
  func proxyConnections() async throws {
    var limits = testLimits
    limits.connectionsPerAddressMax = 1
    limits.proxies = [try #require(Subnet("127.0.0.1"))]
    try await withServer(limits) { _, address async throws in
      let clients = try (0..<3).map { _ in try RawClient(address) }
      for client in clients {
        try client.send(Self.get)
        #expect(try client.response().status == 200)
      }
    }
  }

  @Test("after many connections of all kinds none is left, nor any handle")
  func noLeaks() async throws {
    try await withServer { server, address async throws in
      for number in 0..<200 {
        let client = try RawClient(address)
        switch number % 4 {
        case 0: break
        case 1: try client.send("GET / HT")
        case 2: try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123")
        default:
          try client.send(Self.get)
          #expect(try client.response().status == 200)
        }
        if number % 8 < 4 { client.close() } else { client.reset() }
      }
      try await onLoop { while server.connectionCount > 0 { try await sleep(for: .milliseconds(1)) } }
    }
  }
}
