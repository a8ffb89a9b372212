import AWS
import EventLoop
import Foundation
import Synchronization
import Testing

/// A clock that a test sets.
final class SettableClock: Sendable {
  private let date: Mutex<Date>

  init(_ date: Date) { self.date = Mutex(date) }

  var now: Date {
    get { date.withLock { $0 } }
    set { date.withLock { $0 = newValue } }
  }

  func advance(seconds: Double) { date.withLock { $0 += seconds } }
}

/// Runs a test's body with a metadata server and the real transport, and closes both.
@LoopActor func withMetadataServer(
  _ handler: @escaping MetadataServer.Handler, _ body: @LoopActor (MetadataServer, Transport) async throws -> Void
) async throws {
  let server = try MetadataServer(handler)
  let transport = Transport()
  defer {
    transport.shutdown()
    server.close()
  }
  try await body(server, transport)
}

/// The answer of a credentials endpoint.
func credentialsDocument(_ key: String, expires: Date?, code: String? = nil) -> String {
  var fields = [
    "\"AccessKeyId\":\"\(key)\"", "\"SecretAccessKey\":\"secret of \(key)\"", "\"Token\":\"token of \(key)\"",
  ]
  if let expires { fields.append("\"Expiration\":\"\(expires.formatted(.iso8601))\"") }
  if let code { fields.append("\"Code\":\"\(code)\"") }
  return "{" + fields.joined(separator: ",") + "}"
}

/// A file that is gone when the test is.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "saccade-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try await body(folder)
}

@LoopActor func expectKey(
  _ key: String, from chain: CredentialsChain, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let credentials = try await chain.credentials()
  #expect(credentials.accessKeyID == key, sourceLocation: sourceLocation)
}

@LoopActor func expect(
  _ path: String, is text: String, in metadata: InstanceMetadata, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let found = try await metadata.get(path)
  #expect(found == text, sourceLocation: sourceLocation)
}
