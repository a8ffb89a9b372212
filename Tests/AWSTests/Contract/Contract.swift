import AWS
import EventLoop
import FoundationEssentials
import TestSupport
import Testing

/// What the contract tests share: clients of a server under test, a bucket or queue of the test's own, and both gone
/// afterwards.
@LoopActor struct Contract {
  let server: ServerUnderTest
  let transport: Transport

  /// Not isolated: the loop may not be running yet.
  nonisolated static func run(
    _ kind: ServerUnderTest.Kind, _ body: @escaping @Sendable @LoopActor (Contract) async throws -> Void
  ) async throws {
    try await onLoop {
      let server = try await ServerUnderTest.running(kind)
      let transport = Transport()
      defer { transport.shutdown() }
      try await body(Contract(server: server, transport: transport))
    }
  }

  nonisolated static func withBucket(
    _ kind: ServerUnderTest.Kind, _ body: @escaping @Sendable @LoopActor (S3Client, String) async throws -> Void
  ) async throws {
    try await run(kind) { contract in
      let client = try contract.s3()
      let bucket = contract.uniqueName
      try await client.createBucket(bucket)
      var failure: (any Error)?
      do { try await body(client, bucket) } catch { failure = error }
      while true {
        let keys = try await client.listObjects(bucket: bucket).objects.map(\.key)
        if keys.isEmpty { break }
        _ = try await client.deleteObjects(bucket: bucket, keys: keys)
      }
      try? await client.deleteBucket(bucket)
      if let failure { throw failure }
    }
  }

  nonisolated static func withQueue(
    _ kind: ServerUnderTest.Kind, attributes: [String: String] = [:],
    _ body: @escaping @Sendable @LoopActor (SQSClient, String) async throws -> Void
  ) async throws {
    try await run(kind) { contract in
      let client = try contract.sqs()
      let queue = try await client.createQueue(contract.uniqueName, attributes: attributes)
      var failure: (any Error)?
      do { try await body(client, queue) } catch { failure = error }
      try? await client.deleteQueue(queue)
      if let failure { throw failure }
    }
  }

  func s3(_ credentials: Credentials? = nil, options: ServiceOptions = .init()) throws -> S3Client {
    try S3Client(
      region: server.region, endpoint: server.endpoint,
      credentials: FixedCredentials(credentials ?? server.credentials),
      transport: transport, options: options)
  }

  func sqs(_ credentials: Credentials? = nil, options: ServiceOptions = .init()) throws -> SQSClient {
    try SQSClient(
      region: server.region, endpoint: server.endpoint,
      credentials: FixedCredentials(credentials ?? server.credentials),
      transport: transport, options: options)
  }

  var uniqueName: String { "contract-" + String(UInt64.random(in: .min ... .max), radix: 36) }

  /// Expects the service to refuse with one of these codes.
  static func expectRefusal(
    _ codes: Set<String>, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
  ) async {
    await #expect(comment, sourceLocation: sourceLocation) {
      try await body()
    } throws: { error in
      guard let code = (error as? AWSError)?.serviceError?.code else { return false }
      return codes.contains(code)
    }
  }
}
