import AWS
import AppTier
import EventLoop
import Foundation
import Glibc
import Jobs
import TestSupport
import Testing

/// The binary as a supervisor sees it.
@Suite(
  "saccade-worker", .serialized,
  .enabled(
    if: Fixtures.areHere && WorkerProcess.isBuilt, "needs the binary, the model and a server of deploy/bootstrap"))
struct WorkerProcessTests {
  @Test("it says when it is ready, works, and exits with 0 on either signal", arguments: [SIGTERM, SIGINT])
  func lifetime(signal: Int32) async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      let worker = try await WorkerProcess(for: bench)
      let ready = await worker.firstLine()
      #expect(ready == "saccade-worker: ready (model efficientnet-lite0, 1 at once)")
      let job = try await bench.makeJob(try Fixtures.image())
      try await bench.send(job)
      let answer = try await bench.answer()
      #expect(answer.id == job.id)
      #expect(try answer.outcome.get().worker.hasSuffix("-\(worker.process.processIdentifier)"))
      worker.process.send(signal: signal)
      let status = await worker.process.exit()
      #expect(status == .exited(0))
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
    }
  }

  @Test("a signal that comes while the model is loaded ends it with 0, too", arguments: [SIGTERM, SIGINT])
  func stoppedWhileLoading(signal: Int32) async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      let path = FileManager.default.temporaryDirectory.appending(path: "model-\(UUID().uuidString).xml").path
      #expect(mkfifo(path, 0o600) == 0)
      defer { unlink(path) }
      let labels = URL(filePath: Fixtures.model).deletingLastPathComponent().appending(path: "labels.txt").path
      // Nobody writes to the pipe: whoever opens it to read the model waits for good.
      let worker = try await WorkerProcess(for: bench, ["--labels", labels], model: path)
      try await worker.catches(signal)
      worker.process.send(signal: signal)
      #expect(await worker.process.exit() == .exited(0))
    }
  }

  @Test("a mistake on the command line is said on standard error, with status 64, before anything is loaded")
  func usage() async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      for arguments in [["--concurrency", "0"], ["--queue-prefix", "a b"], ["--log-level", "loud"], ["--nonsense"]] {
        let status = try await WorkerProcess(for: bench, arguments).process.exit()
        #expect(status == .exited(64), "\(arguments)")
      }
    }
  }

  @Test("a model that is not there ends it with status 1")
  func noModel() async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      let status = try await WorkerProcess(for: bench, ["--model", "/nonexistent/model.xml"]).process.exit()
      #expect(status == .exited(1))
    }
  }

  @Test("classify labels files, and fails when one of them is no image")
  func classify() async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      let good = try await WorkerProcess(for: bench, command: ["classify", Fixtures.rocket])
      let line = try #require(await good.firstLine())
      #expect(["missile", "projectile"].contains { line == "\(Fixtures.rocket): \($0)" }, "\(line)")
      #expect(await good.process.exit() == .exited(0))

      let mixed = try await WorkerProcess(for: bench, command: ["classify", "--json", Fixtures.model, Fixtures.rocket])
      let report = try #require(await mixed.firstLine())
      #expect(report.contains(#""error":{"code":"unsupported-format""#), "\(report)")
      #expect(await mixed.process.exit() == .exited(1))
    }
  }
}

@LoopActor final class WorkerProcess {
  let process: ChildProcess
  private let lines: AsyncStream<String>
  private let logLines: AsyncStream<String>

  /// `run` for the bench's installation, on one core.
  convenience init(
    for bench: Bench, _ arguments: [String] = [], _ environment: [String: String] = [:],
    model: String = Fixtures.model, isLogging: Bool = false
  ) async throws {
    try await self.init(
      for: bench, isLogging: isLogging,
      command: [
        "--input-bucket", bench.names.inputBucket, "--output-bucket", bench.names.outputBucket, "--queue-prefix",
        bench.names.queues.prefix, "--concurrency", "1", "--model", model, "--log-level", isLogging ? "info" : "error",
      ] + arguments, environment)
  }

  /// - Parameter isLogging: Standard error is read, by `logLine`.
  init(
    for bench: Bench, isLogging: Bool = false, command: [String], _ environment: [String: String] = [:]
  ) async throws {
    let server = try await ServerUnderTest.running(bench.kind)
    let (lines, line) = AsyncStream<String>.makeStream()
    self.lines = lines
    let (logLines, logLine) = AsyncStream<String>.makeStream()
    self.logLines = logLines
    process = try ChildProcess(
      executable: Self.binary, arguments: command,
      environment: ProcessInfo.processInfo.environment.merging([
        "AWS_ENDPOINT_URL": server.endpoint.url, "AWS_REGION": server.region,
        "AWS_ACCESS_KEY_ID": server.credentials.accessKeyID,
        "AWS_SECRET_ACCESS_KEY": server.credentials.secretAccessKey, "AWS_EC2_METADATA_DISABLED": "true",
      ]) { $1 }.merging(environment) { $1 },
      standardOutput: .lines { line.yield($0) }, standardError: isLogging ? .lines { logLine.yield($0) } : .discard)
    EventLoop.shared.spawn { [process] in
      _ = await process.exit()
      line.finish()
      logLine.finish()
    }
  }

  /// Nil when it ended without one.
  func firstLine() async -> String? {
    for await line in lines { return line }
    return nil
  }

  /// The next line of the log that is one of those; empty when it ended without one.
  func logLine(_ isOne: (String) -> Bool) async -> String {
    for await line in logLines where isOne(line) { return line }
    return ""
  }

  /// VmRSS of proc(5).
  var residentByteCount: Int { (statusField("VmRSS").flatMap { Int($0) } ?? 0) * 1024 }

  /// Waits until it has a handler for the signal, which is among the first things that it does.
  func catches(_ signal: Int32) async throws {
    for _ in 0..<10_000 {
      if let caught = statusField("SigCgt").flatMap({ UInt64($0, radix: 16) }), caught >> (signal - 1) & 1 == 1 {
        return
      }
      try await sleep(for: .milliseconds(1))
    }
    Issue.record("no handler for signal \(signal)")
  }

  /// The first word of a field of /proc/PID/status, proc(5).
  private func statusField(_ name: String) -> String? {
    let path = "/proc/\(process.processIdentifier)/status"
    let status = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.map(String.init)
  }

  /// Built beside the tests.
  nonisolated static let binary: String = {
    let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundlePath ?? CommandLine.arguments[0]
    return URL(filePath: tests).deletingLastPathComponent().appending(path: "saccade-worker").path
  }()

  nonisolated static let isBuilt = FileManager.default.isExecutableFile(atPath: binary)
}
