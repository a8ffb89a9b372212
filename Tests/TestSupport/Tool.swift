package import EventLoop
import Foundation

/// A program of the system that a test uses: curl, openssl.
package enum Tool {
  package struct Result: Sendable {
    package let status: ExitStatus
    /// Standard output and standard error together.
    package let output: String
  }

  package struct Failure: Error { package let output: String }

  /// Runs it to its end.
  package static func run(_ executable: String, _ arguments: [String], input: String = "") async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "saccade-tool-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (inputFile, outputFile) = (folder.appending(path: "in"), folder.appending(path: "out"))
    try Data(input.utf8).write(to: inputFile)
    // Through files: a process that has ended may have left bytes in a pipe.
    let script = #"in=$1 out=$2; shift 2; exec "$@" <"$in" >"$out" 2>&1"#
    let status = try await onLoop {
      try await ChildProcess(
        executable: "sh", arguments: ["-c", script, "sh", inputFile.path, outputFile.path, executable] + arguments
      ).exit()
    }
    return Result(status: status, output: String(decoding: try Data(contentsOf: outputFile), as: UTF8.self))
  }
}
