package import AWS
import EventLoop
import Foundation

/// A server that speaks S3, and perhaps SQS, run for the tests: started once in a process, when first asked for, and
/// ended by the kernel with it.
package struct ServerUnderTest: Sendable {
  package enum Kind: String, Sendable, CaseIterable, CustomStringConvertible {
    /// moto's server: S3 and SQS, signatures checked, in memory.
    case moto
    /// SeaweedFS: a real S3 on files.
    case seaweed
    /// `saccade cloud`: S3 and SQS.
    case localCloud

    package var description: String { rawValue }
    package var speaksSQS: Bool { self != .seaweed }
  }

  /// The machine lacks what the server needs; the message says what and how to get it.
  package struct Unavailable: Error, CustomStringConvertible {
    package let description: String
  }

  package let kind: Kind
  package let endpoint: ServiceEndpoint
  package let credentials: Credentials
  package var region: String { "us-east-1" }

  /// The running server of this kind.
  @LoopActor package static func running(_ kind: Kind) async throws -> ServerUnderTest {
    if let launch = launches[kind] { return try await launch.value }
    let launch = EventLoop.shared.start {
      switch kind {
      case .moto: try await launchMoto()
      case .seaweed: try await launchSeaweed()
      case .localCloud: try await launchLocalCloud()
      }
    }
    launches[kind] = launch
    return try await launch.value
  }

  /// Why this kind of server cannot run here; nil when it can. For `.enabled(if:)`, so without starting anything.
  package static func obstacle(to kind: Kind) -> Unavailable? {
    switch kind {
    case .moto: missing("moto_server", in: testEnvironment)
    case .seaweed: missing("weed", in: testEnvironment)
    case .localCloud: localCloudObstacle
    }
  }

  /// Those that can run here.
  package static let available: [Kind] = Kind.allCases.filter { kind in
    guard let obstacle = obstacle(to: kind) else { return true }
    print("tests against \(kind) are skipped: \(obstacle)")
    return false
  }

  @LoopActor private static var launches: [Kind: Task<ServerUnderTest, any Error>] = [:]

  /// Where `deploy/bootstrap` has put the servers.
  static let testEnvironment = Fixtures.cache.appending(path: "test-venv/bin").path

  static func missing(_ name: String, in directory: String) -> Unavailable? {
    let path = directory + "/" + name
    if FileManager.default.isExecutableFile(atPath: path) { return nil }
    return Unavailable(description: "\(path) is missing; deploy/bootstrap installs it")
  }
}
