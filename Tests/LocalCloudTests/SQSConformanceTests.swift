import EventLoop
import Foundation
import TestSupport
import Testing

/// boto3 as judge: the SDK that people use, against the binary that they run, killed and started again.
@Suite("SQS: boto3 against the binary")
struct SQSConformanceTests {
  private static let python = Fixtures.cache.appending(path: "test-venv/bin/python3")
  private static let program = Fixtures.packageRoot.appending(path: "Tests/conformance/sqs_boto3.py")

  private static var isPossible: Bool {
    FileManager.default.isExecutableFile(atPath: python.path)
      && FileManager.default.isExecutableFile(atPath: Binaries.saccade.path)
  }

  @Test(
    "boto3 gets from SQS what it expects, and after kill -9 all that was accepted",
    .enabled(if: isPossible, "needs the test environment of deploy/bootstrap and the built binary"))
  func boto3() async throws {
    try await onLoop {
      var lines: [String] = []
      let process = try ChildProcess(
        executable: Self.python.path,
        arguments: [Self.program.path, Binaries.saccade.path, "cloud", "--port", "0", "--data", "{data}"],
        standardOutput: .lines { lines.append($0) }, standardError: .lines { lines.append($0) })
      let status = await process.exit()
      #expect(status == .exited(0), "\(lines.joined(separator: "\n"))")
      #expect(lines.contains("OK"))
    }
  }
}
