import AWS
import EventLoop
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import HTTP
@testable import WebTier

@Suite("Processes that ask each other")
struct PeersTests {
  @Test("each hears of every other, and not of itself")
  func all() async throws {
    var limits = ActivityLimits()
    limits.peerTimeout = .seconds(60)
    try await withPeers(3, limits) { peers, _, _ in
      for (index, own) in peers.enumerated() {
        let answers = await own.askAll(for: .metrics).map { $0.map { String(decoding: $0, as: UTF8.self) } }
        #expect(answers == (0..<3).map { $0 == index ? nil : "/metrics of \($0)" })
        #expect(await own.ask((index + 1) % 3, for: .activity) == Array("/activity of \((index + 1) % 3)".utf8))
      }
    }
  }

  @Test("who has no token, or another one, is told nothing, and neither is who asks for something else")
  func refusals() async throws {
    try await withPeers(2) { _, configuration, transport in
      let url = "http://127.0.0.1:\(configuration.ports[1])"
      let wrong = BearerToken(String(configuration.token.text.dropLast()) + "x")
      for token in [nil, BearerToken(""), wrong, BearerToken.random()] {
        let headers = token.map { [(name: "Authorization", value: $0.authorization)] } ?? []
        let response = try await transport.send(
          TransportRequest(method: "GET", url: url + "/metrics", headers: headers))
        #expect(response.status == 401 && response.headers["www-authenticate"] == "Bearer")
        #expect(!String(decoding: response.body, as: UTF8.self).contains("of 1"))
      }
      let right = [(name: "Authorization", value: configuration.token.authorization)]
      for (method, path) in [("GET", "/"), ("GET", "/admin/redrive"), ("POST", "/metrics")] {
        let response = try await transport.send(TransportRequest(method: method, url: url + path, headers: right))
        #expect(response.status == 404, "\(method) \(path)")
      }
    }
  }

  @Test("one that does not answer in time, or at all, has no answer")
  func silence() async throws {
    var limits = ActivityLimits()
    limits.peerTimeout = .milliseconds(50)
    try await withPeers(2, silentCount: 2, limits) { peers, _, _ in
      // Bound, and nobody listens.
      #expect(await peers[0].ask(2, for: .metrics) == nil)
      // It listens, and nobody accepts.
      #expect(await peers[0].ask(3, for: .metrics) == nil)
      await peers[1].close()
      #expect(await peers[0].ask(1, for: .metrics) == nil)
    }
  }

  @Test("tokens are 64 hexadecimal digits, each time others")
  func tokens() {
    let tokens = (0..<100).map { _ in BearerToken.random().text }
    #expect(Set(tokens).count == 100)
    #expect(tokens.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{64}/) != nil })
  }

  @Test("the activity of several processes is their sum; queue and workers are as this one knows them")
  func sum() throws {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    let own = ActivityState(
      at: now, queue: .init(visible: 3, inFlight: 1), workers: .init(ready: 2, busy: 1, seen: 4), rates: nil,
      pending: 5, uploads: 6)
    let other = ActivityState(
      at: now, queue: nil, workers: .init(ready: nil, busy: nil, seen: 9),
      rates: .init(answered: 1.5, failed: 0.5, refused: 2), pending: 10, uploads: 20)
    let told = try #require(AdminJSON.decode(ActivityState.self, from: other.json))
    let sum = own.adding([told, told])
    #expect(sum.pending == 25 && sum.uploads == 46)
    #expect(sum.rates?.answered == 3 && sum.rates?.failed == 1 && sum.rates?.refused == 4)
    #expect(sum.queue == own.queue && sum.workers.ready == 2 && sum.workers.busy == 1 && sum.workers.seen == 9)
    #expect(own.adding([]).rates == nil)
  }

  /// So many processes' peers in this one.
  /// - Parameter silentCount: Further sockets, which nobody serves. The last one listens.
  private func withPeers(
    _ count: Int, silentCount: Int = 0, _ limits: ActivityLimits = ActivityLimits(),
    _ body: @escaping @Sendable @LoopActor ([Peers], PeerConfiguration, Transport) async throws -> Void
  ) async throws {
    try await onLoop {
      let transport = Transport()
      defer { transport.shutdown() }
      let sockets = try (0..<count + silentCount).map { _ in
        try InheritableSocket(host: "127.0.0.1", port: 0, isShared: false)
      }
      defer { for socket in sockets[count...] { socket.close() } }
      if let last = sockets[count...].last { #expect(listen(last.descriptor, 8) == 0) }
      let ports = sockets.map(\.localAddress.port)
      let token = BearerToken.random()
      var configuration = PeerConfiguration(socketDescriptor: -1, ports: ports, token: token)
      var peers: [Peers] = []
      for index in 0..<count {
        // Its own from here on.
        configuration.socketDescriptor = sockets[index].descriptor
        peers.append(
          try Peers(configuration, ownIndex: index, transport: transport, limits: limits) { subject in
            HTTPResponse(status: .ok, body: Array("\(subject.rawValue) of \(index)".utf8))
          })
      }
      do { try await body(peers, configuration, transport) } catch {
        for peer in peers { await peer.close() }
        throw error
      }
      for peer in peers { await peer.close() }
    }
  }
}
