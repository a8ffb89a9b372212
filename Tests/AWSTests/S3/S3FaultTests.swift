import EventLoop
import FoundationEssentials
import TestSupport
import Testing

@testable import AWS

/// S3Client against a server that fails in the ways S3 and networks do.
@Suite("S3 when things go wrong")
struct S3FaultTests {
  private func with(
    _ script: [ScriptedServer.Reply],
    _ body: @escaping @Sendable @LoopActor (ScriptedServer, S3Client, AWSCallCounters) async throws -> Void
  ) async throws {
    try await onLoop {
      let server = try ScriptedServer(script)
      let transport = Transport()
      var options = ServiceOptions(timeouts: TransportTimeouts(stall: .seconds(1)))
      options.retryPolicy.backoff.base = .milliseconds(1)
      let client = try S3Client(
        region: "eu-west-1", endpoint: ServiceEndpoint(server.url), credentials: FixedCredentials(Self.credentials),
        transport: transport, options: options)
      defer {
        transport.shutdown()
        server.close()
      }
      try await body(server, client, options.counters)
    }
  }

  private static let credentials = Credentials(accessKeyID: "AKID", secretAccessKey: "secret", sessionToken: "token")

  @LoopActor private static func count(
    _ counters: AWSCallCounters, _ operation: String, _ outcome: AWSCallCounters.Outcome
  ) -> Int {
    counters.attempts[AWSCallCounters.Key(service: "s3", operation: operation, outcome: outcome)] ?? 0
  }

  @Test("SlowDown is waited out, and every attempt is counted")
  func slowDown() async throws {
    let stored = ScriptedServer.ok(headers: "ETag: \"tag\"\r\n")
    try await with([ScriptedServer.slowDown, ScriptedServer.slowDown, stored]) { server, client, counters in
      let source = TestSource(testBytes(50_000))
      let tag = try await client.putObject(bucket: "bucket", key: "key", body: .source(source, byteCount: 50_000))
      #expect(tag == "tag")
      #expect(server.requests.count == 3)
      #expect(Set(server.requests.map(\.body)).count == 1)
      #expect(source.rewindCount == 2)
      #expect(Self.count(counters, "PutObject", .throttled) == 2)
      #expect(Self.count(counters, "PutObject", .succeeded) == 1)
    }
  }

  @Test("attempts end, and the last refusal is what is thrown")
  func exhausted() async throws {
    try await with([ScriptedServer.slowDown, ScriptedServer.slowDown, ScriptedServer.slowDown]) { server, client, _ in
      await #expect {
        try await client.deleteObject(bucket: "bucket", key: "key")
      } throws: { error in
        guard let error = (error as? AWSError)?.serviceError else { return false }
        return error
          == ServiceError(
            code: "SlowDown", message: "Reduce your request rate.", requestID: "R1", status: 503,
            operation: "DeleteObject")
      }
      #expect(server.requests.count == 3)
    }
  }

  @Test("an upload whose bytes are gone is not tried again")
  func notReplayable() async throws {
    try await with([ScriptedServer.slowDown, ScriptedServer.ok()]) { server, client, _ in
      let source = TestSource(testBytes(1000))
      source.canRewind = false
      await Contract.expectRefusal(["SlowDown"]) {
        try await client.putObject(bucket: "bucket", key: "key", body: .source(source, byteCount: 1000))
      }
      #expect(server.requests.count == 1)
    }
  }

  @Test("a reset in the middle of an upload, a cut response and a silent server are tried again")
  func network() async throws {
    try await with([
      .resetWithinBody(afterByteCount: 100_000), .silence, ScriptedServer.ok(),
      .bytesThenClose("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na"), ScriptedServer.ok("abc"),
    ]) { server, client, counters in
      try await client.putObject(bucket: "bucket", key: "key", body: .bytes(testBytes(4_000_000)))
      #expect(Self.count(counters, "PutObject", .unanswered) == 2)
      let object = try await client.getObject(bucket: "bucket", key: "key", upTo: 3)
      #expect(object.bytes == Array("abc".utf8))
    }
  }

  @Test("a call that is given up is counted as cancelled, not as one without an answer")
  func givenUp() async throws {
    try await with([.silence]) { server, client, counters in
      let call = EventLoop.shared.start {
        try await client.putObject(bucket: "bucket", key: "key", body: .bytes(testBytes(1000)))
      }
      await server.hasSeen(1)
      call.cancel()
      let error = await #expect(throws: AWSError.self) { try await call.value }
      #expect(error?.isCancellation == true)
      #expect(Self.count(counters, "PutObject", .cancelled) == 1)
      #expect(Self.count(counters, "PutObject", .unanswered) == 0)
    }
  }

  @Test("a refusal is final")
  func refusal() async throws {
    let denied = ScriptedServer.error(403, "<Error><Code>AccessDenied</Code><Message>No.</Message></Error>")
    try await with([denied, .bytes("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n")]) { server, client, _ in
      await Contract.expectRefusal(["AccessDenied"]) { try await client.deleteObject(bucket: "bucket", key: "key") }
      await Contract.expectRefusal(["HTTP404"], "HEAD has no body to say why") {
        _ = try await client.headObject(bucket: "bucket", key: "key")
      }
      #expect(server.requests.count == 2)
    }
  }

  @Test("bytes that do not match the object's checksum are fetched again, and never returned")
  func damagedDownload() async throws {
    let sum = "x-amz-checksum-crc32c: \(CRC32C(of: Array("sound".utf8)).base64)\r\n"
    try await with([ScriptedServer.ok("sOund", headers: sum), ScriptedServer.ok("sound", headers: sum)]) {
      _, client, _ in
      let object = try await client.getObject(bucket: "bucket", key: "key", upTo: 10)
      #expect(object.bytes == Array("sound".utf8))
    }
    let damaged = ScriptedServer.ok("sOund", headers: sum)
    try await with([damaged, damaged, damaged]) { _, client, _ in
      await #expect {
        try await client.getObject(bucket: "bucket", key: "key", upTo: 10)
      } throws: {
        if case .checksumMismatch = $0 as? AWSError { true } else { false }
      }
    }
  }

  @Test("a download that has begun is not begun again")
  func sinkNotReplayable() async throws {
    try await with([.bytesThenClose("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na"), ScriptedServer.ok("abc")]) {
      server, client, _ in
      let sink = TestSink()
      await #expect {
        try await client.getObject(bucket: "bucket", key: "key", to: sink)
      } throws: {
        if case .transport(.connectionLost) = $0 as? AWSError { true } else { false }
      }
      #expect(server.requests.count == 1)
    }
  }

  @Test("completing an upload in parts may fail inside a 200, is tried again, and then aborted")
  func completion() async throws {
    let created = "<InitiateMultipartUploadResult><UploadId>U+1</UploadId></InitiateMultipartUploadResult>"
    let failed = "<?xml version=\"1.0\"?>\n\n  <Error><Code>InternalError</Code><Message>Again.</Message></Error>"
    let completed =
      "<CompleteMultipartUploadResult><ETag>&quot;whole-1&quot;</ETag></CompleteMultipartUploadResult>"
    let part = ScriptedServer.ok(headers: "ETag: \"part\"\r\n")
    try await with([
      ScriptedServer.ok(created), part, ScriptedServer.ok(failed), ScriptedServer.ok(completed),
    ]) { server, client, counters in
      let upload = try await client.createMultipartUpload(bucket: "bucket", key: "key")
      try await upload.uploadPart(1, .bytes([1]))
      let tag = try await upload.complete()
      #expect(tag == "whole-1")
      #expect(server.requests[1].requestLine == "PUT /bucket/key?partNumber=1&uploadId=U%2B1 HTTP/1.1")
      #expect(Self.count(counters, "CompleteMultipartUpload", .failed) == 1)
    }
    try await with([
      ScriptedServer.ok(created), part, ScriptedServer.ok(failed), ScriptedServer.ok(failed), ScriptedServer.ok(failed),
      .bytes("HTTP/1.1 204 No Content\r\n\r\n"),
    ]) { server, client, _ in
      let upload = try await client.createMultipartUpload(bucket: "bucket", key: "key")
      try await upload.uploadPart(1, .bytes([1]))
      do {
        try await upload.complete()
        Issue.record("completed")
      } catch {
        #expect((error as? AWSError)?.serviceError?.code == "InternalError")
      }
      await server.hasSeen(6)
      #expect(server.requests.count >= 5)
    }
  }

  @Test("a skewed clock is corrected once; a service that goes on complaining is believed")
  func skew() async throws {
    let skewed = ScriptedServer.error(
      403, "<Error><Code>RequestTimeTooSkewed</Code></Error>", headers: "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n")
    try await with([skewed, ScriptedServer.ok(), skewed, skewed]) { server, client, _ in
      try await client.deleteObject(bucket: "bucket", key: "key")
      #expect(server.requests[1].header("x-amz-date")?.hasPrefix("19941106T0849") ?? false)
      await Contract.expectRefusal(["RequestTimeTooSkewed"]) {
        try await client.deleteObject(bucket: "bucket", key: "key")
      }
      #expect(server.requests.count == 4)
    }
  }

  @Test("the region is named when a bucket is created, but not in us-east-1")
  func locationConstraint() async throws {
    try await with([
      ScriptedServer.ok(), ScriptedServer.error(409, "<Error><Code>BucketAlreadyOwnedByYou</Code></Error>"),
      ScriptedServer.error(409, "<Error><Code>BucketAlreadyExists</Code></Error>"),
    ]) { server, client, _ in
      try await client.createBucket("bucket")
      let document = server.requests.first.map { String(decoding: $0.body, as: UTF8.self) } ?? ""
      #expect(document.contains("<LocationConstraint>eu-west-1</LocationConstraint>"))
      try await client.createBucket("bucket")
      await Contract.expectRefusal(["BucketAlreadyExists"]) { try await client.createBucket("bucket") }
    }
  }

  @Test("temporary credentials carry their token, and requests AWS's own names")
  func token() async throws {
    try await with([ScriptedServer.ok()]) { server, client, _ in
      try await client.deleteObject(bucket: "bucket", key: "a b/../c")
      let request = try #require(server.requests.first)
      #expect(request.requestLine == "DELETE /bucket/a%20b/../c HTTP/1.1")
      #expect(request.header("x-amz-security-token") == "token")
      #expect(request.header("authorization")?.contains("/eu-west-1/s3/aws4_request") ?? false)
    }
  }

  @Test("names that cannot be a bucket's or a key are never sent")
  func arguments() async throws {
    try await with([]) { server, client, _ in
      for (bucket, key) in [("a/b", "k"), ("..", "k"), ("Bucket", "k"), ("bucket", ""), ("b?x", "k")] {
        await #expect(throws: AWSError.self) { try await client.headObject(bucket: bucket, key: key) }
      }
      let long = String(repeating: "k", count: 1025)
      await #expect(throws: AWSError.self) { try await client.headObject(bucket: "bucket", key: long) }
      #expect(server.connectionCount == 0)
    }
  }
}
