import AWS
import EventLoop
import FoundationEssentials
import TestSupport
import Testing

@Suite("The contract about signatures")
struct SignatureContractTests {
  typealias Kind = ServerUnderTest.Kind
  static let withSQS = ServerUnderTest.available.filter(\.speaksSQS)

  @Test("S3 refuses a wrong secret, an unknown key and no signature", arguments: ServerUnderTest.available)
  func s3(kind: Kind) async throws {
    try await Contract.run(kind) { contract in
      let good = contract.server.credentials
      let bucket = contract.uniqueName
      try await contract.s3().createBucket(bucket)
      let wrong = try contract.s3(Credentials(accessKeyID: good.accessKeyID, secretAccessKey: "wrong"))
      await Contract.expectRefusal(["SignatureDoesNotMatch"]) {
        try await wrong.putObject(bucket: bucket, key: "object", body: .bytes([1]))
      }
      let unknown = try contract.s3(Credentials(accessKeyID: "AKIAUNKNOWN", secretAccessKey: good.secretAccessKey))
      await Contract.expectRefusal(["InvalidAccessKeyId"]) {
        try await unknown.putObject(bucket: bucket, key: "object", body: .bytes([1]))
      }
      let unsigned = TransportRequest(
        method: "PUT", url: contract.server.endpoint.url + "/\(bucket)/object", body: .bytes([1]))
      // moto has no notion of what the public may do.
      if kind != .moto { #expect(try await contract.transport.send(unsigned).status == 403) }
      try? await contract.s3().deleteBucket(bucket)
    }
  }

  @Test("a request changed after it was signed is refused", arguments: ServerUnderTest.available)
  func tampered(kind: Kind) async throws {
    try await Contract.run(kind) { contract in
      let bucket = contract.uniqueName
      try await contract.s3().createBucket(bucket)
      var signer = SigV4.s3(region: contract.server.region)
      var request = SigV4.Request(
        method: "PUT", path: "/\(bucket)/object", query: "",
        headers: [("Host", contract.server.endpoint.authority), ("x-amz-meta-name", "signed")], payloadHash: .unsigned)
      signer.sign(&request, with: contract.server.credentials, at: Date())
      func send(_ request: SigV4.Request) async throws -> TransportResponse {
        try await contract.transport.send(
          TransportRequest(
            method: request.method, url: contract.server.endpoint.url + request.target, headers: request.headers,
            body: .bytes([1])))
      }
      var changed = request
      changed.path = "/\(bucket)/other"
      #expect(try await send(changed).status == 403)
      changed = request
      changed.headers = changed.headers.map { $0.name == "x-amz-meta-name" ? ($0.name, "changed") : $0 }
      #expect(try await send(changed).status == 403)
      #expect(try await send(request).status == 200)
      try await contract.s3().deleteObject(bucket: bucket, key: "object")
      try await contract.s3().deleteBucket(bucket)
    }
  }

  @Test("a clock that is an hour wrong is put right by the service's own", arguments: ServerUnderTest.available)
  func skew(kind: Kind) async throws {
    try await Contract.run(kind) { contract in
      var options = ServiceOptions()
      options.now = { Date().addingTimeInterval(-3600) }
      let client = try contract.s3(options: options)
      let bucket = contract.uniqueName
      try await client.createBucket(bucket)
      try await client.deleteBucket(bucket)
      // moto's clock accepts any time; the others must have complained, once.
      let refused = options.counters.attempts.filter { $0.key.outcome == .refused }.values.reduce(0, +)
      #expect(refused == (kind == .moto ? 0 : 1))
    }
  }

  @Test("SQS refuses a wrong secret and an unknown key", arguments: withSQS)
  func sqs(kind: Kind) async throws {
    try await Contract.run(kind) { contract in
      let good = contract.server.credentials
      let wrong = try contract.sqs(Credentials(accessKeyID: good.accessKeyID, secretAccessKey: "wrong"))
      await Contract.expectRefusal(["SignatureDoesNotMatch", "InvalidSignatureException"]) {
        _ = try await wrong.listQueues()
      }
      let unknown = try contract.sqs(Credentials(accessKeyID: "AKIAUNKNOWN", secretAccessKey: good.secretAccessKey))
      await Contract.expectRefusal(["InvalidClientTokenId", "UnrecognizedClientException"]) {
        _ = try await unknown.listQueues()
      }
    }
  }
}
