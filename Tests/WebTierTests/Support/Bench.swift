import AWS
import EventLoop
import Foundation
import HTTP
import Jobs
import Logging
import TestSupport
import Testing

@testable import WebTier

/// The web tier on a real S3 and SQS, in an installation of its own, with a worker's side that the test holds.
@LoopActor final class Bench {
  /// How the tier under test is set up.
  struct Setting: Sendable {
    var limits = WebLimits()
    var access = AccessConfiguration()
    var http = HTTPLimits()
    var accessLog: AccessLog.Configuration?
    var tls: TLSFiles?
    /// Of the tier's own clients.
    var transport = TransportLimits()
    /// What the worker answers; nil leaves the answering to the test.
    var answer: @Sendable @LoopActor (StubWorker.Work) -> StubWorker.Outcome? = { StubWorker.label($0.job) }
    /// Who supervises the workers.
    var fleet: FleetSource?

    /// Nobody answers but the test.
    static let unanswered = Setting(answer: { _ in nil })
  }

  let tier: WebTier
  let worker: StubWorker
  /// Of the tests; the tier's own go through the relays and the gate.
  let clients: AWSClients
  let tierClients: AWSClients
  let configuration: WebConfiguration
  let s3: Relay
  /// Between that and the server.
  let calls: CallRelay
  let sqs: Relay
  /// Between that and the server.
  let queueCalls: CallRelay
  let gate: GatedCredentials
  private var otherTiers: [WebTier] = []
  private var isStopped = false

  private init(
    _ configuration: WebConfiguration, tier: WebTier, worker: StubWorker, clients: AWSClients, tierClients: AWSClients,
    s3: Relay, calls: CallRelay, sqs: Relay, queueCalls: CallRelay, gate: GatedCredentials
  ) {
    self.configuration = configuration
    self.tier = tier
    self.worker = worker
    self.clients = clients
    self.tierClients = tierClients
    self.s3 = s3
    self.calls = calls
    self.sqs = sqs
    self.queueCalls = queueCalls
    self.gate = gate
  }

  /// Those that can run here.
  nonisolated static let servers = ServerUnderTest.available.filter(\.speaksSQS)

  nonisolated static func with(
    _ kind: ServerUnderTest.Kind, _ setting: Setting = Setting(),
    _ body: @escaping @Sendable @LoopActor (Bench) async throws -> Void
  ) async throws {
    try await onLoop {
      let bench = try await start(try await ServerUnderTest.running(kind), setting)
      do {
        try await body(bench)
      } catch {
        await bench.stop()
        throw error
      }
      await bench.stop()
    }
  }

  private static func start(_ server: ServerUnderTest, _ setting: Setting) async throws -> Bench {
    let clients = try makeClients(server, s3: server.endpoint.url, sqs: server.endpoint.url, nil)
    let unique = String(UUID().uuidString.lowercased().prefix(8))
    let names = try QueueNames(prefix: "web-\(unique)")
    var configuration = WebConfiguration(
      host: "127.0.0.1", port: 0, inputBucket: "input-\(unique)", outputBucket: "output-\(unique)",
      queuePrefix: names.prefix)
    configuration.limits = setting.limits
    configuration.access = setting.access
    configuration.http = setting.http
    configuration.accessLog = setting.accessLog
    configuration.tls = setting.tls
    configuration.fleet = setting.fleet
    let queueURL = try await Installation.create(
      inputBucket: configuration.inputBucket, outputBucket: configuration.outputBucket, queues: names, s3: clients.s3,
      sqs: clients.sqs)
    let address = try address(of: server.endpoint)
    let calls = try CallRelay(to: address)
    let s3 = try Relay(to: calls.localAddress)
    let queueCalls = try CallRelay(to: address)
    let sqs = try Relay(to: queueCalls.localAddress)
    let gate = GatedCredentials(server.credentials)
    let tierClients = try makeClients(server, s3: s3.url, sqs: sqs.url, gate, setting.transport)
    let tier = try await WebTier.start(configuration, clients: tierClients, logger: logger)
    let worker = StubWorker(
      clients, queueURL: queueURL, resultBucket: configuration.outputBucket, answer: setting.answer)
    return Bench(
      configuration, tier: tier, worker: worker, clients: clients, tierClients: tierClients, s3: s3,
      calls: calls, sqs: sqs, queueCalls: queueCalls, gate: gate)
  }

  private static func makeClients(
    _ server: ServerUnderTest, s3: String, sqs: String, _ gate: GatedCredentials?,
    _ limits: TransportLimits = TransportLimits()
  ) throws -> AWSClients {
    let configuration = AWSConfiguration(
      region: server.region, s3: .init(url: s3, isCustom: true), sqs: .init(url: sqs, isCustom: true))
    return try AWSClients(
      configuration, credentials: gate ?? FixedCredentials(server.credentials), transport: Transport(limits: limits))
  }

  private static func address(of endpoint: ServiceEndpoint) throws -> SocketAddress {
    let pieces = endpoint.authority.split(separator: ":")
    let port = try #require(pieces.last.flatMap { Int($0) })
    return SocketAddress(host: pieces[0] == "localhost" ? "127.0.0.1" : String(pieces[0]), port: port)
  }

  static let logger = Logger(label: "web-tests") { _ in SwiftLogNoOpLogHandler() }

  func stop() async {
    guard !isStopped else { return }
    isStopped = true
    gate.open()
    for tier in otherTiers + [tier] { await tier.stop(within: .seconds(5)) }
    await worker.stop()
    tierClients.shutdown()
    clients.shutdown()
    s3.close()
    calls.close()
    sqs.close()
    queueCalls.close()
  }

  /// Another web process of the same installation.
  func startAnotherTier() async throws -> WebTier {
    let tier = try await WebTier.start(configuration, clients: tierClients, logger: Bench.logger)
    otherTiers.append(tier)
    return tier
  }

  // MARK: What a client does

  func connect() async throws -> Client { try await Client.connect(to: tier.localAddress) }

  /// One request on a connection of its own.
  func answer(to request: [UInt8]) async throws -> Client.Response {
    let client = try await connect()
    defer { client.close() }
    client.send(request)
    return try await client.response()
  }

  func get(_ path: String, headers: String = "") async throws -> Client.Response {
    try await answer(to: Array(Request.head("GET", path, headers).utf8))
  }

  /// Clients whose requests are being kept waiting.
  /// - Parameter others: Those who wait already.
  func poll(_ path: String, count: Int, beside others: Int? = nil) async throws -> [Client] {
    var waiting = 0
    if let others { waiting = others } else { waiting = try await metric("saccade_pending_answers") }
    var clients: [Client] = []
    for _ in 0..<count {
      let client = try await connect()
      client.send(Request.head("GET", path, ""))
      clients.append(client)
    }
    try await wait(for: "saccade_pending_answers") { $0 == waiting + count }
    return clients
  }

  // MARK: What other processes do

  func storeImage(_ bytes: [UInt8], _ key: ObjectKey) async throws {
    try await clients.s3.putObject(bucket: configuration.inputBucket, key: key.description, body: .bytes(bytes))
  }

  /// Stores a result as a worker does, and tells nobody.
  func store(_ outcome: StubWorker.Outcome, of key: ObjectKey) async throws {
    try await worker.store(outcome, of: key, in: configuration.outputBucket)
  }

  // MARK: What can be seen

  /// The keys in the input bucket.
  func storedKeys() async throws -> [String] {
    try await clients.s3.listObjects(bucket: configuration.inputBucket).objects.map(\.key)
  }

  /// Calls of S3 that the web tier has made with success.
  func callCount(_ operation: String) -> Int {
    tierClients.counters.attempts.filter { $0.key.operation == operation && $0.key.outcome == .succeeded }
      .values.reduce(0, +)
  }

  func metric(_ name: String) async throws -> Int {
    let lines = try await get("/metrics").text.split(separator: "\n")
    // One with labels is there once it has been counted.
    guard let line = lines.first(where: { $0.hasPrefix(name + " ") }) else {
      try #require(name.contains("{"), "there is no metric \(name)")
      return 0
    }
    return try #require(line.split(separator: " ").last.flatMap { Int($0) })
  }

  /// Waits until a metric is as wanted: there is no event of it outside the web tier.
  func wait(for name: String, _ isWanted: (Int) -> Bool) async throws {
    for _ in 0..<4000 {
      if isWanted(try await metric(name)) { return }
      try await sleep(for: .milliseconds(5))
    }
    Issue.record("\(name) is \(try await metric(name))")
  }

  /// Whether S3 has refused to store an image.
  func hasRefusedPut() async throws -> Bool {
    try await get("/metrics").text.contains("operation=\"PutObject\",outcome=\"refused\"} 1")
  }

  /// Waits until no upload, no memory and no waiting client is left.
  func isIdle() async throws {
    for name in ["saccade_uploads_in_flight", "saccade_upload_buffer_bytes", "saccade_pending_answers"] {
      try await wait(for: name) { $0 == 0 }
    }
  }

  /// The keys of multipart uploads that were begun and not ended.
  func unfinishedKeys() async throws -> [String] {
    try await clients.s3.listMultipartUploads(bucket: configuration.inputBucket).map(\.key)
  }

  /// Waits until so many multipart uploads have been begun and not ended.
  func hasUnfinished(_ count: Int) async throws {
    for _ in 0..<1000 {
      if try await unfinishedKeys().count == count { return }
      try await sleep(for: .milliseconds(10))
    }
    Issue.record("unfinished are \(try await unfinishedKeys())")
  }

  /// Waits until nothing waits to be removed, and sees that nothing half-written is left.
  func isTidy() async throws {
    try await isIdle()
    try await wait(for: "saccade_upload_removals") { $0 == 0 }
    #expect(try await unfinishedKeys() == [])
  }

  /// Waits until the input bucket is not empty.
  func isStored() async throws {
    for _ in 0..<1000 {
      if !(try await storedKeys().isEmpty) { return }
      try await sleep(for: .milliseconds(10))
    }
    Issue.record("nothing has been stored")
  }

  /// Waits until the input bucket is empty.
  func isEmptied() async throws {
    for _ in 0..<1000 {
      if try await storedKeys().isEmpty { return }
      try await sleep(for: .milliseconds(10))
    }
    Issue.record("the bucket holds \(try await storedKeys())")
  }
}
