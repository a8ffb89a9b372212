import AWS
import EventLoop
import Foundation

extension ServerUnderTest {
  /// The binary the package has built beside the tests.
  private static let localCloudBinary: String = {
    let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundlePath ?? CommandLine.arguments[0]
    return URL(filePath: tests).deletingLastPathComponent().appending(path: "saccade").path
  }()

  static let localCloudObstacle: Unavailable? = {
    guard FileManager.default.isExecutableFile(atPath: localCloudBinary) else {
      return Unavailable(description: "\(localCloudBinary) is not built")
    }
    let help = Process()
    help.executableURL = URL(filePath: localCloudBinary)
    help.arguments = ["cloud", "--help"]
    help.standardOutput = FileHandle.nullDevice
    help.standardError = FileHandle.nullDevice
    guard (try? help.run()) != nil else { return Unavailable(description: "\(localCloudBinary) does not start") }
    help.waitUntilExit()
    return help.terminationStatus == 0 ? nil : Unavailable(description: "saccade has no command \"cloud\" yet")
  }()

  @LoopActor static func launchLocalCloud() async throws -> ServerUnderTest {
    if let obstacle = obstacle(to: .localCloud) { throw obstacle }
    let credentials = Credentials(accessKeyID: "TESTSACCESSKEY", secretAccessKey: "tests-secret-key")
    let directory = FileManager.default.temporaryDirectory.appending(path: "saccade-cloud-\(UUID().uuidString)")
    let process = try ServerProcess(
      localCloudBinary, ["cloud", "--port", "0", "--data", directory.path],
      environment: [
        "AWS_ACCESS_KEY_ID": credentials.accessKeyID, "AWS_SECRET_ACCESS_KEY": credentials.secretAccessKey,
      ])
    let url = try await process.output { line in
      line.firstRange(of: "http://").map { String(line[$0.lowerBound...].prefix { !$0.isWhitespace }) }
    }
    return ServerUnderTest(kind: .localCloud, endpoint: try ServiceEndpoint(url), credentials: credentials)
  }
}
