import EventLoop
import Foundation
import TestSupport

/// A run of the binary from its start to its end, without any server.
struct CommandRun {
  let status: ExitStatus
  let output: [String]
  let errors: [String]

  /// - Parameter input: A file that is its standard input.
  init(_ arguments: [String], input: String = "/dev/null") async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (output, errors) = (folder.appending(path: "out"), folder.appending(path: "err"))
    // Through files: a process that has ended may have left bytes in a pipe.
    let script = #"in=$1 out=$2 err=$3; shift 3; exec "$@" <"$in" >"$out" 2>"$err""#
    status = try await onLoop {
      try await ChildProcess(
        executable: "/bin/sh",
        arguments: ["-c", script, "sh", input, output.path, errors.path, WorkerProcess.binary] + arguments,
        environment: ProcessInfo.processInfo.environment
      ).exit()
    }
    self.output = try String(contentsOf: output, encoding: .utf8).split(separator: "\n").map(String.init)
    self.errors = try String(contentsOf: errors, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// The line's JSON object.
  func object(_ line: Int = 0) -> [String: Any] {
    guard output.indices.contains(line) else { return [:] }
    let object = try? JSONSerialization.jsonObject(with: Data(output[line].utf8))
    return object as? [String: Any] ?? [:]
  }
}
