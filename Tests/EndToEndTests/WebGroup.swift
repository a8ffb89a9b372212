import AWS
import EventLoop
import Foundation
import TestSupport

/// `saccade web` with several processes, against `saccade cloud`, in an installation of its own.
@LoopActor
final class WebGroup {
  let url: String
  let address: SocketAddress
  let clients: AWSClients
  let prefix: String
  /// A link to the binary that the master starts.
  let binary: URL
  private let process: ChildProcess
  private let output: Output

  /// - Parameter arguments: Further options of `saccade web`.
  static func start(_ arguments: [String] = ["--processes", "2"]) async throws -> WebGroup {
    let cloud = try await ServerUnderTest.running(.localCloud)
    let clients = try AWSClients(
      AWSConfiguration(
        region: cloud.region, s3: .init(url: cloud.endpoint.url, isCustom: true),
        sqs: .init(url: cloud.endpoint.url, isCustom: true)),
      credentials: FixedCredentials(cloud.credentials), transport: Transport())
    let prefix = "group-\(UUID().uuidString.lowercased().prefix(8))"
    for bucket in ["\(prefix)-input", "\(prefix)-output"] { try await clients.s3.createBucket(bucket) }
    _ = try await clients.sqs.createQueue("\(prefix)-requests")
    let folder = FileManager.default.temporaryDirectory.appending(path: "saccade-test-\(prefix)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let binary = folder.appending(path: "saccade")
    try FileManager.default.createSymbolicLink(at: binary, withDestinationURL: Binaries.saccade)
    let output = Output()
    let variables = [
      supervisorVariable: String(getpid()), "AWS_ENDPOINT_URL": cloud.endpoint.url, "AWS_REGION": cloud.region,
      "AWS_ACCESS_KEY_ID": cloud.credentials.accessKeyID, "AWS_SECRET_ACCESS_KEY": cloud.credentials.secretAccessKey,
    ]
    let process = try ChildProcess(
      executable: binary.path,
      arguments: [
        "web", "--port", "0", "--queue-prefix", prefix, "--input-bucket", "\(prefix)-input", "--output-bucket",
        "\(prefix)-output",
      ] + arguments,
      environment: ProcessInfo.processInfo.environment.merging(variables) { $1 },
      standardOutput: .lines { output.append($0) }, standardError: .lines { output.append($0) }, ownSession: true)
    EventLoop.shared.spawn {
      let status = await process.exit()
      output.end("saccade web ended with \(status)")
    }
    do {
      let port = try await output.first { line in
        line.wholeMatch(of: /saccade web: listening at https?:\/\/127\.0\.0\.1:(\d+)/).flatMap { Int($0.1) }
      }
      return WebGroup(port: port, clients: clients, prefix: prefix, binary: binary, process: process, output: output)
    } catch {
      clients.shutdown()
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  private init(
    port: Int, clients: AWSClients, prefix: String, binary: URL, process: ChildProcess, output: Output
  ) {
    url = "http://127.0.0.1:\(port)"
    address = SocketAddress(host: "127.0.0.1", port: port)
    self.clients = clients
    self.prefix = prefix
    self.binary = binary
    self.process = process
    self.output = output
  }

  var lines: [String] { output.lines }

  func send(signal: Int32) { process.send(signal: signal) }

  /// Waits for a line that holds the words, and that came after the first `skipped` ones that do.
  func line(with words: String, skipping skipped: Int = 0) async throws {
    var seen = 0
    let _: Bool = try await output.first { line in
      guard line.contains(words) else { return nil }
      seen += 1
      return seen > skipped ? true : nil
    }
  }

  func ended() async { _ = await process.exit() }

  /// - Returns: How the master has ended, by now or before.
  func stop() async -> ExitStatus {
    process.send(signal: SIGTERM)
    let status = await process.exit()
    clients.shutdown()
    try? FileManager.default.removeItem(at: binary.deletingLastPathComponent())
    return status
  }

  /// The processes that the master has started and that live.
  var children: Set<Int32> {
    let path = "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children"
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return Set(text.split(separator: " ").compactMap { Int32($0) })
  }

  /// Waits until the children are as wanted: the kernel tells nobody but their parent.
  func children(_ isWanted: @LoopActor (Set<Int32>) -> Bool) async throws {
    while !isWanted(children) {
      if process.exitStatus != nil { throw Output.Ended(description: lines.joined(separator: "\n")) }
      try await sleep(for: .milliseconds(10))
    }
  }

  /// The names of the installation's reply queues.
  func replyQueues() async throws -> [String] {
    try await clients.sqs.listQueues(prefix: "\(prefix)-replies-").queueURLs.compactMap {
      $0.split(separator: "/").last.map(String.init)
    }
  }

  /// Who serves a new connection, by the id that the process has given itself.
  func servingNode() async throws -> String? {
    let user = HTTPUser(url)
    defer { user.close() }
    return try await user.get("/admin/state").text.firstMatch(of: /"node":"([^"]+)"/).map { String($0.1) }
  }
}
