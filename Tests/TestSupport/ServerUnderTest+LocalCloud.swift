import AWS
import EventLoop
import Foundation

extension ServerUnderTest {
  static let localCloudObstacle: Unavailable? = {
    guard FileManager.default.isExecutableFile(atPath: Binaries.saccade.path) else {
      return Unavailable(description: "\(Binaries.saccade.path) is not built")
    }
    let help = Process()
    help.executableURL = URL(filePath: Binaries.saccade.path)
    help.arguments = ["cloud", "--help"]
    help.standardOutput = FileHandle.nullDevice
    help.standardError = FileHandle.nullDevice
    guard (try? help.run()) != nil else { return Unavailable(description: "\(Binaries.saccade.path) does not start") }
    help.waitUntilExit()
    return help.terminationStatus == 0 ? nil : Unavailable(description: "saccade has no command \"cloud\" yet")
  }()

  @LoopActor static func launchLocalCloud() async throws -> ServerUnderTest {
    if let obstacle = obstacle(to: .localCloud) { throw obstacle }
    let directory = try ServerFolder.make(for: .localCloud)
    let process = try ServerProcess(
      Binaries.saccade.path, ["cloud", "--port", "0", "--data", directory.path])
    let url = try await process.output { line in
      line.firstRange(of: "http://").map { String(line[$0.lowerBound...].prefix { !$0.isWhitespace }) }
    }
    // Made at the first start, before the line that says where it is.
    let file = try String(contentsOf: directory.appending(path: "credentials"), encoding: .utf8)
    func value(_ name: String) throws -> String {
      for line in file.split(separator: "\n") {
        let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        if parts.count == 2, parts[0] == name { return parts[1] }
      }
      throw Unavailable(description: "no \(name) in \(directory.path)/credentials")
    }
    let credentials = Credentials(
      accessKeyID: try value("aws_access_key_id"), secretAccessKey: try value("aws_secret_access_key"))
    return ServerUnderTest(kind: .localCloud, endpoint: try ServiceEndpoint(url), credentials: credentials)
  }
}
