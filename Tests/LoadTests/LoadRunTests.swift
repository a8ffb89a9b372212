import AWS
import EventLoop
import HTTP
import TestSupport
import Testing

@testable import Load

/// Runs against a server that does as the test says.
@Suite("Runs")
struct LoadRunTests {
  private typealias Handler = @LoopActor (HTTPRequest) async -> HTTPResponse

  private static let label = HTTPResponse(text: "espresso\n")

  @LoopActor private static func run(
    _ setUp: (inout LoadPlan, inout LoadImages.Head) -> Void = { _, _ in }, limits: HTTPLimits = HTTPLimits(),
    observer: LoadRun.Observer? = nil, stopOn: AsyncStream<Void>? = nil, handler: @escaping Handler
  ) async throws -> LoadReport {
    let server = try HTTPServer(host: "127.0.0.1", port: 0, limits: limits) { request, writer in
      writer.send(await handler(request))
    }
    var plan = LoadPlan()
    plan.connectionCount = 4
    plan.requestCount = 20
    plan.timeout = .seconds(30)
    var head = LoadImages.Head(target: try LoadTarget("http://\(server.localAddress)/"))
    setUp(&plan, &head)
    let images = LoadImages(
      [("n07920052_espresso.JPEG", [UInt8](repeating: 7, count: 20_000)), ("other \"name\".png", [1, 2, 3])], head: head
    )
    let run = LoadRun(plan, images: images, head: head, observer: observer)
    let stop = EventLoop.shared.start {
      guard let stopOn else { return }
      for await _ in stopOn { break }
      run.stop()
    }
    let report = await run.run()
    stop.cancel()
    await server.shutdown(within: .milliseconds(100))
    return report
  }

  @LoopActor private final class Log {
    var bodies: [[UInt8]] = []
    var fields: [String] = []
    var inFlight = 0
    var inFlightMax = 0
    nonisolated init() {}
  }

  @LoopActor private static func read(_ request: HTTPRequest) async -> [UInt8] {
    (try? await request.body.collect(upTo: 1 << 20)) ?? []
  }

  @Test("a closed loop sends every image in turn, so many at once, over connections that it keeps")
  func closedLoop() async throws {
    try await onLoop {
      let log = Log()
      let report = try await Self.run { request in
        log.inFlight += 1
        log.inFlightMax = max(log.inFlightMax, log.inFlight)
        log.bodies.append(await Self.read(request))
        try? await sleep(for: .milliseconds(5))
        log.inFlight -= 1
        return Self.label
      }
      #expect(report.answered == 20 && report.isComplete)
      #expect(report.openedConnections == 4 && report.busyMax == 4)
      #expect(log.inFlightMax == 4)
      // A head in the form, the file, and the form's end.
      let sizes = Dictionary(grouping: log.bodies, by: { $0.count > 20_000 }).mapValues(\.count)
      #expect(sizes == [true: 10, false: 10])
      #expect(log.bodies.contains { String(decoding: $0, as: UTF8.self).contains("filename=\"other %22name%22.png\"") })
      #expect(report.sentBytes > log.bodies.map(\.count).reduce(0, +))
    }
  }

  @Test("an open loop's latency counts from when a request was due, so that a server that stalls cannot hide")
  func openLoopShowsStall() async throws {
    try await onLoop {
      let begun = ContinuousClock.now
      let report = try await Self.run { plan, _ in
        plan.pacing = .open(.constant, ratePerSecond: 100)
        plan.requestCount = 100
        // One connection: a client that waits for its turn.
        plan.connectionCount = 1
      } handler: { request in
        _ = await Self.read(request)
        // Half a second without an answer, once.
        if ContinuousClock.now - begun < .milliseconds(500) { try? await sleep(for: .milliseconds(500)) }
        return Self.label
      }
      #expect(report.answered == 100 && report.isComplete)
      let due = try #require(report.record.latency.milliseconds(atPercentile: 75))
      let sent = try #require(report.record.service.milliseconds(atPercentile: 75))
      #expect(due > 100)
      #expect(sent < due / 2)
    }
  }

  @Test("what no connection is free for within the timeout is dropped, and the run is not complete")
  func dropped() async throws {
    try await onLoop {
      let report = try await Self.run { plan, _ in
        plan.pacing = .open(.poisson, ratePerSecond: 2000)
        plan.requestCount = 200
        plan.connectionCount = 2
        plan.timeout = .milliseconds(200)
      } handler: { request in
        _ = await Self.read(request)
        try? await sleep(for: .seconds(10))
        return Self.label
      }
      #expect(report.answered == 0)
      #expect(report.record.failures["timed out"] == report.record.failedCount)
      #expect(report.record.droppedCount > 0)
      #expect(report.record.failedCount + report.record.droppedCount == 200)
      #expect(!report.isComplete)
    }
  }

  @Test("failures are counted by status and problem code, and told")
  func failures() async throws {
    try await onLoop {
      let log = Log()
      let report = try await Self.run { plan, _ in
        plan.connectionCount = 1
      } observer: { name, answer in
        log.fields.append("\(name) \(answer)")
      } handler: { request in
        log.inFlight += 1
        _ = await Self.read(request)
        switch log.inFlight % 4 {
        case 0: return Problem(.serviceUnavailable, code: "too-many-pending").response
        case 1: return HTTPResponse(status: .accepted, headers: ["Location": "/v1/results/x"])
        case 2: return HTTPResponse(status: .ok, headers: ["Content-Type": "text/html"], body: Array("<p>".utf8))
        default: return Self.label
        }
      }
      #expect(report.answered == 5)
      #expect(
        report.record.failures == [
          "503 too-many-pending": 5, "202 not answered in time": 5, "no label in the answer": 5,
        ])
      #expect(log.fields.count == 20)
      #expect(log.fields.count { $0.contains("503 too-many-pending") } == 5)
    }
  }

  @Test("a server that closes idle connections loses no request")
  func closedWhileIdle() async throws {
    try await onLoop {
      var limits = HTTPLimits()
      limits.idleDuration = .milliseconds(30)
      limits.sweepInterval = .milliseconds(10)
      let report = try await Self.run(
        { plan, _ in
          plan.pacing = .open(.constant, ratePerSecond: 15)
          plan.requestCount = 12
          plan.connectionCount = 1
        }, limits: limits
      ) { request in
        _ = await Self.read(request)
        return Self.label
      }
      #expect(report.answered == 12 && report.isComplete)
      #expect(report.openedConnections > 1)
    }
  }

  @Test("without keep-alive each request has a connection of its own")
  func withoutKeepAlive() async throws {
    try await onLoop {
      let report = try await Self.run { plan, head in
        plan.keepsAlive = false
        head.keepsAlive = false
      } handler: { request in
        _ = await Self.read(request)
        return Self.label
      }
      #expect(report.answered == 20)
      #expect(report.openedConnections == 20)
    }
  }

  @Test("with 202 the answer is fetched from where it will be, with the key, until it is there")
  func asynchronous() async throws {
    try await onLoop {
      let log = Log()
      let report = try await Self.run { plan, head in
        plan.isAsynchronous = true
        plan.checksLabels = true
        plan.requestCount = 4
        head.isAsynchronous = true
        head.key = "secret"
      } handler: { request in
        _ = await Self.read(request)
        log.fields.append(request.head.headers["x-api-key"] ?? "")
        let place =
          log.fields.count % 2 == 0 ? "/v1/results/7" : "http://\(request.head.headers["host"] ?? "")/v1/results/7?x"
        let later = HTTPResponse(status: .accepted, headers: ["Location": place, "Retry-After": "0"])
        if request.head.method == .post {
          return request.head.headers["prefer"] == "respond-async" ? later : Self.label
        }
        log.inFlight += 1
        return log.inFlight <= 4 ? later : Self.label
      }
      #expect(report.answered == 4)
      #expect(report.record.rightCount == 2 && report.record.checkedCount == 4)
      #expect(log.fields == [String](repeating: "secret", count: 12))
    }
  }

  @Test("a slow client takes as long as its bytes do")
  func slow() async throws {
    try await onLoop {
      let report = try await Self.run { plan, _ in
        plan.bytesPerSecond = 50_000
        plan.requestCount = 1
      } handler: { request in
        _ = await Self.read(request)
        return Self.label
      }
      #expect(report.answered == 1)
      // 20 000 bytes and their form, less the first piece, which leaves at once.
      #expect(report.seconds > 0.25)
    }
  }

  @Test("requests of the warm-up are sent and not counted")
  func warmUp() async throws {
    try await onLoop {
      let report = try await Self.run { plan, _ in
        plan.pacing = .open(.constant, ratePerSecond: 100)
        plan.requestCount = 30
        plan.warmUp = .milliseconds(100)
      } handler: { request in
        _ = await Self.read(request)
        return Self.label
      }
      #expect(report.record.warmUpCount == 10)
      #expect(report.answered == 20 && report.isComplete)
    }
  }

  @Test("a run that is stopped reports what was done and what was under way")
  func stopped() async throws {
    try await onLoop {
      let log = Log()
      let (stop, stopping) = AsyncStream<Void>.makeStream()
      let report = try await Self.run({ plan, _ in plan.requestCount = 1000 }, stopOn: stop) { request in
        _ = await Self.read(request)
        log.inFlight += 1
        // A connection sends its next when it has had its answer: ten have been answered when four more are here.
        if log.inFlight == 14 { stopping.yield() }
        if log.inFlight > 10 { try? await sleep(for: .seconds(60)) }
        return Self.label
      }
      #expect(report.answered == 10)
      #expect(report.record.interruptedCount == 4)
      #expect(!report.isComplete)
    }
  }

  @Test("nobody there: each request fails with what the kernel says")
  func nobody() async throws {
    try await onLoop {
      let server = try HTTPServer(host: "127.0.0.1", port: 0) { _, writer in writer.send(Self.label) }
      let address = server.localAddress
      await server.shutdown(within: .zero)
      var plan = LoadPlan()
      plan.requestCount = 8
      let head = LoadImages.Head(target: try LoadTarget("http://\(address)/"))
      let report = await LoadRun(plan, images: LoadImages([("a.png", [1])], head: head), head: head).run()
      #expect(report.answered == 0 && report.record.failedCount == 8)
      #expect(report.record.failures.keys.allSatisfy { $0.hasPrefix("not connected: connection refused") })
    }
  }

  @Test("bytes that nobody asked for end their connection, and are no answer to the next request")
  func bytesBehindAnAnswer() async throws {
    try await onLoop {
      let server = try StrayServer()
      var plan = LoadPlan()
      plan.connectionCount = 1
      plan.requestCount = 5
      let head = LoadImages.Head(target: try LoadTarget("http://\(server.address)/"))
      let report = await LoadRun(plan, images: LoadImages([("a.png", [1])], head: head), head: head).run()
      server.close()
      #expect(report.answered == 5)
      #expect(report.openedConnections == 5)
    }
  }

  /// Answers each request with two responses at once.
  @LoopActor private final class StrayServer: TCPStreamDelegate {
    private static let response = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\ncup"
    private var listener: TCPListener?
    private var streams: [TCPStream] = []

    init() throws {
      listener = try TCPListener(host: "127.0.0.1", port: 0) { [unowned self] in
        $0.delegate = self
        streams.append($0)
        $0.startReading()
      }
    }

    var address: SocketAddress { listener?.localAddress ?? SocketAddress(host: "", port: 0) }

    func close() {
      listener?.close()
      for stream in streams { stream.close() }
    }

    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
      stream.write(Array((Self.response + Self.response).utf8))
    }

    func streamDidReachEnd(_ stream: TCPStream) { stream.close() }
    func stream(_ stream: TCPStream, didFail error: UVError) { stream.close() }
    func streamDidDrain(_ stream: TCPStream) {}
  }

  @Test(
    "what is no URL is refused, and says why",
    arguments: ["", "photos", "ftp://a/", "http://", "http://a:99999/", "http://user:secret@a/"])
  func malformedTarget(text: String) {
    #expect(throws: LoadTarget.Malformed.self) { try LoadTarget(text) }
  }

  @Test("a target keeps its path and query, and takes a model beside them")
  func target() throws {
    let target = try LoadTarget("http://[::1]:8080/v1/images?a=b", model: "x y")
    #expect(target.origin.authority == "[::1]:8080")
    #expect(target.path == "/v1/images?a=b&model=x%20y")
    #expect(try LoadTarget("https://a.example").path == "/")
  }
}
