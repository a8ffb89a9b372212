import EventLoop
import Foundation
import TestSupport

/// `saccade web` in front of a sink, with its calls to the allocator counted (bench/alloc_count.c).
@LoopActor
final class CountedFront {
  let url: String
  private let counts: URL
  private let processes: [ChildProcess]

  /// - Returns: The front, and a folder to be removed.
  static func start() async throws -> (CountedFront, URL) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "saccade-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let library = folder.appending(path: "alloc_count.so").path
    let counts = folder.appending(path: "counts")
    let source = Fixtures.packageRoot.appending(path: "bench/alloc_count.c").path
    let compiler = try ChildProcess(
      executable: "cc", arguments: ["-O2", "-shared", "-fPIC", "-o", library, source],
      environment: ProcessInfo.processInfo.environment)
    guard await compiler.exit() == .exited(0) else { throw Output.Ended(description: "cc could not compile \(source)") }

    let (sink, sinkURL) = try await run(["cloud", "--sink", "--port", "0"], [:])
    let (web, url) = try await run(
      ["web", "--port", "0", "--access-log", "off"],
      [
        "LD_PRELOAD": library, "ALLOC_COUNT_FILE": counts.path, "AWS_ENDPOINT_URL": sinkURL, "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "anybody", "AWS_SECRET_ACCESS_KEY": "anything",
      ])
    return (CountedFront(url: url, counts: counts, processes: [web, sink]), folder)
  }

  private init(url: String, counts: URL, processes: [ChildProcess]) {
    self.url = url
    self.counts = counts
    self.processes = processes
  }

  /// Calls so far.
  func allocationCount() throws -> Int {
    try Data(contentsOf: counts).withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
  }

  func stop() async {
    for process in processes {
      process.send(signal: SIGTERM)
      _ = await process.exit()
    }
  }

  /// Starts a command of `saccade` and waits for the address it says.
  private static func run(
    _ arguments: [String], _ variables: [String: String]
  ) async throws -> (ChildProcess, url: String) {
    let output = Output()
    let environment = ProcessInfo.processInfo.environment
      .merging([supervisorVariable: String(getpid())]) { $1 }
      .merging(variables) { $1 }
    let process = try ChildProcess(
      executable: Binaries.saccade.path, arguments: arguments, environment: environment,
      standardOutput: .lines { output.append($0) })
    EventLoop.shared.spawn {
      let status = await process.exit()
      output.end("saccade \(arguments[0]) ended with \(status)")
    }
    let url = try await output.first { $0.firstMatch(of: /http:\S+/).map { String($0.0) } }
    return (process, url)
  }
}
