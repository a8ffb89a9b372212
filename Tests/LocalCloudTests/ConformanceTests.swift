import EventLoop
import Foundation
import TestSupport
import Testing

/// boto3 and the aws command as judges: the SDKs that people use, against the binary that they run.
@Suite(.serialized)
struct ConformanceTests {
  private static let python = Fixtures.cache.appending(path: "test-venv/bin/python3")
  private static let program = Fixtures.packageRoot.appending(path: "Tests/conformance/s3_boto3.py")

  private static var isPossible: Bool {
    FileManager.default.isExecutableFile(atPath: python.path)
      && FileManager.default.isExecutableFile(atPath: Binaries.saccade.path)
  }

  @Test(
    "boto3 and the aws command get from S3 what they expect",
    .enabled(if: isPossible, "needs the test environment of deploy/bootstrap and the built binary"))
  func s3() async throws {
    let (status, text) = try await onLoop {
      var lines: [String] = []
      let process = try ChildProcess(
        executable: Self.python.path, arguments: [Self.program.path, Binaries.saccade.path],
        standardOutput: .lines { lines.append($0) }, standardError: .lines { lines.append($0) })
      return (await process.exit(), lines.joined(separator: "\n"))
    }
    #expect(status == .exited(0), "\(text)")
    #expect(text.hasSuffix("\nOK"), "\(text)")
  }
}
