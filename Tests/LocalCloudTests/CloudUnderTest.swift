import AWS
import EventLoop
import Foundation
import LocalCloud
import Logging

/// A cloud in this process, on a free port and a folder of its own, and a client that signs by hand.
@LoopActor
final class CloudUnderTest {
  let folder: String
  private(set) var server: LocalCloudServer
  private let transport = Transport()
  private let now: @Sendable () -> Date

  /// Runs `body` with a running cloud, and stops it afterwards.
  static func run(
    limits: LocalCloudLimits = LocalCloudLimits(), isDurable: Bool = false,
    now: @escaping @Sendable () -> Date = { Date() }, _ body: @LoopActor (CloudUnderTest) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "saccade-cloud-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try await start(folder, limits, isDurable, now)
    let cloud = CloudUnderTest(folder: folder, server: server, now: now)
    do {
      try await body(cloud)
    } catch {
      try await cloud.stop()
      throw error
    }
    try await cloud.stop()
  }

  private init(folder: String, server: LocalCloudServer, now: @escaping @Sendable () -> Date) {
    self.folder = folder
    self.server = server
    self.now = now
  }

  private static func start(
    _ folder: String, _ limits: LocalCloudLimits, _ isDurable: Bool, _ now: @escaping @Sendable () -> Date
  ) async throws -> LocalCloudServer {
    var logger = Logger(label: "cloud under test")
    logger.logLevel = .critical
    return try await LocalCloudServer.start(
      LocalCloudConfiguration(
        port: 0, dataFolder: folder, isDurable: isDurable, limits: limits, logger: logger, now: now))
  }

  /// Stops the server and starts one on the same folder.
  func restart() async throws {
    try await server.shutdown()
    try await reopen()
  }

  /// Starts a server on the folder; the one before has been stopped.
  func reopen() async throws {
    server = try await CloudUnderTest.start(folder, LocalCloudLimits(), false, now)
  }

  private func stop() async throws {
    transport.shutdown()
    try await server.shutdown()
  }

  /// A request signed now. `payloadHash` is what is signed, which need not be true.
  func signed(
    _ method: String, _ path: String, query: String = "", headers: [(name: String, value: String)] = [],
    payloadHash: PayloadHash = .unsigned
  ) -> (request: SigV4.Request, signature: SigV4.Signature) {
    var request = SigV4.Request(
      method: method, path: path, query: query, headers: [("Host", "\(server.localAddress)")] + headers,
      payloadHash: payloadHash)
    var signer = SigV4.s3(region: "us-east-1")
    let signature = signer.sign(&request, with: server.credentials, at: now())
    return (request, signature)
  }

  func send(_ request: SigV4.Request, _ body: [UInt8] = []) async throws -> TransportResponse {
    let headers = request.headers.filter { $0.name != "Host" }
    return try await transport.send(
      TransportRequest(
        method: request.method, url: server.url + request.target, headers: headers,
        body: body.isEmpty && request.method != "PUT" && request.method != "POST" ? .none : .bytes(body),
        response: .collect(byteCountMax: 64 << 20)))
  }

  func send(
    _ method: String, _ path: String, query: String = "", headers: [(name: String, value: String)] = [],
    _ body: [UInt8] = []
  ) async throws -> TransportResponse {
    try await send(signed(method, path, query: query, headers: headers).request, body)
  }

  /// Names of the files under a folder of the data folder.
  nonisolated func files(in name: String) -> [String] {
    let base = folder + "/" + name
    let all = FileManager.default.enumerator(atPath: base)?.allObjects as? [String] ?? []
    var isFolder: ObjCBool = false
    return all.filter {
      FileManager.default.fileExists(atPath: base + "/" + $0, isDirectory: &isFolder) && !isFolder.boolValue
    }
  }
}

extension TransportResponse {
  var text: String { String(decoding: body, as: UTF8.self) }

  /// The text of the first XML element of that name.
  func element(_ name: String) -> String? {
    guard let start = text.range(of: "<\(name)>"), let end = text.range(of: "</\(name)>") else { return nil }
    return String(text[start.upperBound..<end.lowerBound])
  }
}
