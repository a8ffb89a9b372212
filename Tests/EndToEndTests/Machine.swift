import AWS
import EventLoop
import Foundation
import TestSupport

/// `saccade up` with everything it starts, on free ports and a folder of its own, as a user would run it.
@LoopActor
final class Machine {
  let url: String
  let cloudURL: String
  let folder: URL
  private let process: ChildProcess
  private let output: Output

  /// - Parameter arguments: Further options of `saccade up`.
  static func start(_ arguments: [String] = []) async throws -> Machine {
    let folder = FileManager.default.temporaryDirectory.appending(path: "saccade-test-\(UUID().uuidString)")
    let output = Output()
    let process = try ChildProcess(
      executable: Binaries.saccade.path,
      arguments: ["up", "--port", "0", "--cloud-port", "0", "--data", folder.path] + arguments,
      environment: ProcessInfo.processInfo.environment.merging([supervisorVariable: String(getpid())]) { $1 },
      standardOutput: .lines { output.append($0) }, standardError: .lines { output.append($0) }, ownSession: true)
    EventLoop.shared.spawn {
      let status = await process.exit()
      output.end("saccade up ended with \(status)")
    }
    let url = try await output.first { $0.wholeMatch(of: /Saccade is up at (http:.*)/).map { String($0.1) } }
    let cloudURL = try await output.first { $0.firstMatch(of: /AWS_ENDPOINT_URL=(\S+)/).map { String($0.1) } }
    return Machine(url: url, cloudURL: cloudURL, folder: folder, process: process, output: output)
  }

  private init(url: String, cloudURL: String, folder: URL, process: ChildProcess, output: Output) {
    self.url = url
    self.cloudURL = cloudURL
    self.folder = folder
    self.process = process
    self.output = output
  }

  /// Ctrl-C.
  func stop(keepingFolder: Bool = false) async -> ExitStatus {
    process.send(signal: SIGINT)
    let status = await process.exit()
    if !keepingFolder { try? FileManager.default.removeItem(at: folder) }
    return status
  }

  /// Everything printed so far, for a failure's message.
  var log: String { output.lines.joined(separator: "\n") }

  /// How many jobs each of the workers held that have been told to stop.
  var stops: [Int] {
    output.lines.compactMap { line in
      line.firstMatch(of: /^worker \d+ +\|.*stopping, (\d+) jobs held/).flatMap { Int($0.1) }
    }
  }

  /// The processes that `saccade up` has started, by what their command line holds.
  func children(_ word: String) -> [Int32] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap(Int32.init).filter { pid in
      guard processFields("/proc/\(pid)").dropFirst().first == "\(process.processIdentifier)",
        let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
      else { return false }
      return String(decoding: line, as: UTF8.self).contains(word)
    }
  }

  /// Runs the aws command line against the machine's storage and queues.
  /// - Returns: The lines it prints.
  func aws(_ arguments: [String]) async throws -> [String] {
    let output = Output()
    let variables = [
      "AWS_DEFAULT_REGION": "us-east-1",
      "AWS_SHARED_CREDENTIALS_FILE": folder.appending(path: "cloud/credentials").path,
    ]
    let process = try ChildProcess(
      executable: Fixtures.cache.appending(path: "test-venv/bin/aws").path,
      arguments: ["--endpoint-url", cloudURL] + arguments,
      environment: ProcessInfo.processInfo.environment.merging(variables) { $1 },
      standardOutput: .lines { output.append($0) }, standardError: .lines { output.append($0) })
    let status = await process.exit()
    guard status == .exited(0) else { throw Output.Ended(description: output.lines.joined(separator: "\n")) }
    return output.lines
  }

  /// The credentials that `saccade cloud` made for itself.
  func clients() async throws -> AWSClients {
    try await AWSClients.fromEnvironment([
      "AWS_ENDPOINT_URL": cloudURL, "AWS_REGION": "us-east-1",
      "AWS_SHARED_CREDENTIALS_FILE": folder.appending(path: "cloud/credentials").path,
    ])
  }
}

/// The lines of a process, which can be awaited.
@LoopActor
final class Output {
  private(set) var lines: [String] = []
  private var ended: String?
  private var waiters: [CheckedContinuation<Void, Never>] = []

  struct Ended: Error, CustomStringConvertible {
    let description: String
  }

  nonisolated init() {}

  func append(_ line: String) {
    lines.append(line)
    wake()
  }

  func end(_ why: String) {
    ended = why
    wake()
  }

  /// What `find` makes of the first line it knows, now or later.
  func first<T: Sendable>(_ find: @LoopActor (String) -> T?) async throws -> T {
    var seen = 0
    while true {
      while seen < lines.count {
        if let found = find(lines[seen]) { return found }
        seen += 1
      }
      if let ended { throw Ended(description: (lines.suffix(40) + [ended]).joined(separator: "\n")) }
      await withCheckedContinuation { waiters.append($0) }
    }
  }

  /// Waits until there are more lines than so many.
  func line(after count: Int) async throws {
    while lines.count <= count {
      if let ended { throw Ended(description: (lines.suffix(40) + [ended]).joined(separator: "\n")) }
      await withCheckedContinuation { waiters.append($0) }
    }
  }

  private func wake() {
    let waiters = waiters
    self.waiters = []
    for waiter in waiters { waiter.resume() }
  }
}
