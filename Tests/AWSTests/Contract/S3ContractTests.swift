import EventLoop
import FoundationEssentials
import TestSupport
import Testing

@testable import AWS

@Suite("The contract with S3")
struct S3ContractTests {
  typealias Kind = ServerUnderTest.Kind
  /// moto stores what does not match its checksum, and knows signatures in the header only.
  static let strict = ServerUnderTest.available.filter { $0 != .moto }

  @Test("an object comes back as it was put", arguments: ServerUnderTest.available)
  func roundTrip(kind: Kind) async throws {
    try await Contract.withBucket(kind) { client, bucket in
      for count in [0, 1, 100_000, 2_000_000] {
        let bytes = testBytes(count)
        let tag = try await client.putObject(
          bucket: bucket, key: "object", body: .bytes(bytes), contentType: "image/jpeg",
          metadata: [("name", "a b.JPEG")])
        let object = try await client.getObject(bucket: bucket, key: "object", upTo: count)
        #expect(object.bytes == bytes)
        #expect(object.info.contentType == "image/jpeg")
        #expect(object.info.metadata == ["name": "a b.JPEG"])
        #expect(object.info.entityTag == tag)
        #expect(tag == Hexadecimal.encode(MessageDigest.md5.hash(bytes)))
        #expect(object.info.lastModified.map { abs($0.timeIntervalSinceNow) < 3600 } ?? false)
        let info = try await client.headObject(bucket: bucket, key: "object")
        #expect(info.byteCount == count)
        #expect(info.entityTag == tag)
      }
    }
  }

  @Test("a streamed object arrives whole, its checksum behind it", arguments: ServerUnderTest.available)
  func streamed(kind: Kind) async throws {
    try await Contract.withBucket(kind) { client, bucket in
      for count in [0, 1, 262_144, 262_145, 3_000_000] {
        let bytes = testBytes(count)
        try await client.putObject(
          bucket: bucket, key: "streamed", body: .source(TestSource(bytes, pieceByteCount: 100_000), byteCount: count))
        let object = try await client.getObject(bucket: bucket, key: "streamed", upTo: count)
        #expect(object.bytes == bytes)
        let sink = TestSink(pauses: true)
        let info = try await client.getObject(bucket: bucket, key: "streamed", to: sink)
        #expect(info.byteCount == count)
        #expect(sink.bytes == bytes)
      }
    }
  }

  @Test(
    "keys are bytes: every character comes back",
    arguments: ServerUnderTest.available,
    [
      "a/b/c", "with space", "plus+and=equals&amp", "%41", "ümlaut/日本/🖼.png", "quote'\"<tag>", "a?b#c",
      "semi;colon:@,$!*()~",
      "dots/a..b/.hidden",
    ])
  func keys(kind: Kind, key: String) async throws {
    try await Contract.withBucket(kind) { client, bucket in
      try await client.putObject(bucket: bucket, key: key, body: .bytes(Array(key.utf8)))
      #expect(try await client.getObject(bucket: bucket, key: key, upTo: 1000).bytes == Array(key.utf8))
      #expect(try await client.listObjects(bucket: bucket).objects.map(\.key) == [key])
      #expect(try await client.listObjects(bucket: bucket, prefix: key).objects.map(\.key) == [key])
      try await client.deleteObject(bucket: bucket, key: key)
      #expect(try await client.listObjects(bucket: bucket).objects.isEmpty)
    }
  }

  @Test("a range of bytes", arguments: ServerUnderTest.available)
  func range(kind: Kind) async throws {
    try await Contract.withBucket(kind) { client, bucket in
      let bytes = testBytes(10_000)
      try await client.putObject(bucket: bucket, key: "object", body: .bytes(bytes))
      let object = try await client.getObject(bucket: bucket, key: "object", upTo: 1000, range: 4000..<5000)
      #expect(object.bytes == Array(bytes[4000..<5000]))
      await Contract.expectRefusal(["InvalidRange"]) {
        _ = try await client.getObject(bucket: bucket, key: "object", upTo: 1000, range: 10_000..<10_001)
      }
    }
  }

  @Test("an object larger than wanted is not read", arguments: ServerUnderTest.available)
  func bound(kind: Kind) async throws {
    try await Contract.withBucket(kind) { client, bucket in
      try await client.putObject(bucket: bucket, key: "object", body: .bytes(testBytes(1001)))
      await #expect {
        try await client.getObject(bucket: bucket, key: "object", upTo: 1000)
      } throws: {
        if case .transport(.responseTooLarge(byteCountMax: 1000)) = $0 as? AWSError { true } else { false }
      }
    }
  }

  @Test("what does not exist is told apart", arguments: ServerUnderTest.available)
  func missing(kind: Kind) async throws {
    try await Contract.withBucket(kind) { client, bucket in
      await Contract.expectRefusal(["NoSuchKey"]) {
        _ = try await client.getObject(bucket: bucket, key: "nothing", upTo: 1)
      }
      await #expect {
        try await client.headObject(bucket: bucket, key: "nothing")
      } throws: {
        ($0 as? AWSError)?.isNotFound ?? false
      }
      await Contract.expectRefusal(["NoSuchBucket"]) {
        _ = try await client.getObject(bucket: bucket + "-not", key: "nothing", upTo: 1)
      }
      await Contract.expectRefusal(["NoSuchBucket"]) {
        try await client.putObject(bucket: bucket + "-not", key: "nothing", body: .bytes([1]))
      }
      try await client.deleteObject(bucket: bucket, key: "nothing")
    }
  }

  @Test("a body that does not match its checksum is refused", arguments: strict)
  func checksum(kind: Kind) async throws {
    try await Contract.withBucket(kind) { client, bucket in
      await Contract.expectRefusal(["BadDigest", "XAmzContentChecksumMismatch", "InvalidRequest"]) {
        try await client.putObject(
          bucket: bucket, key: "damaged", body: .bytes([1, 2, 3], crc32c: CRC32C(of: [1, 2, 4])))
      }
      let page = try await client.listObjects(bucket: bucket)
      #expect(page.objects.isEmpty)
    }
  }

  @Test("a listing goes page by page, by prefix and by delimiter", arguments: ServerUnderTest.available)
  func listing(kind: Kind) async throws {
    try await Contract.withBucket(kind) { client, bucket in
      let keys = ["a/1", "a/2", "a/3", "b/1", "c"]
      for key in keys { try await client.putObject(bucket: bucket, key: key, body: .bytes([1, 2])) }
      var found: [String] = []
      var pageCount = 0
      var token: String?
      repeat {
        let page = try await client.listObjects(bucket: bucket, continuationToken: token, keyCountMax: 2)
        #expect(page.objects.count <= 2)
        #expect(page.objects.allSatisfy { $0.byteCount == 2 && !$0.entityTag.isEmpty && $0.lastModified != nil })
        found += page.objects.map(\.key)
        token = page.continuationToken
        pageCount += 1
      } while token != nil && pageCount < 10
      #expect(found == keys)
      #expect(pageCount == 3)
      let prefixed = try await client.listObjects(bucket: bucket, prefix: "a/", startAfter: "a/1")
      #expect(prefixed.objects.map(\.key) == ["a/2", "a/3"])
      let grouped = try await client.listObjects(bucket: bucket, delimiter: "/")
      #expect(grouped.commonPrefixes == ["a/", "b/"])
      #expect(grouped.objects.map(\.key) == ["c"])
    }
  }

  @Test("many objects are deleted at once", arguments: ServerUnderTest.available)
  func deletion(kind: Kind) async throws {
    try await Contract.withBucket(kind) { client, bucket in
      for key in ["1", "2 <&>", "3"] { try await client.putObject(bucket: bucket, key: key, body: .bytes([1])) }
      let failures = try await client.deleteObjects(bucket: bucket, keys: ["1", "2 <&>", "not there"])
      #expect(failures.isEmpty)
      #expect(try await client.listObjects(bucket: bucket).objects.map(\.key) == ["3"])
      await #expect(throws: AWSError.self) { try await client.deleteObjects(bucket: bucket, keys: []) }
    }
  }

  @Test("creating a bucket twice is no error, deleting a full one is", arguments: ServerUnderTest.available)
  func buckets(kind: Kind) async throws {
    try await Contract.withBucket(kind) { client, bucket in
      try await client.createBucket(bucket)
      try await client.headBucket(bucket)
      await #expect {
        try await client.headBucket(bucket + "-not")
      } throws: {
        ($0 as? AWSError)?.serviceError?.status == 404
      }
      try await client.putObject(bucket: bucket, key: "object", body: .bytes([1]))
      await Contract.expectRefusal(["BucketNotEmpty"]) { try await client.deleteBucket(bucket) }
      try await client.deleteObject(bucket: bucket, key: "object")
      try await client.deleteBucket(bucket)
      await Contract.expectRefusal(["NoSuchBucket"]) { try await client.deleteBucket(bucket) }
      try await client.createBucket(bucket)
    }
  }

  @Test("an upload in parts becomes one object", arguments: ServerUnderTest.available)
  func multipart(kind: Kind) async throws {
    try await Contract.withBucket(kind) { client, bucket in
      let bytes = testBytes(MultipartUpload.partByteCountMin + 1000)
      let upload = try await client.createMultipartUpload(bucket: bucket, key: "parts", contentType: "image/png")
      let last = Array(bytes[MultipartUpload.partByteCountMin...])
      try await upload.uploadPart(2, .source(TestSource(last), byteCount: last.count))
      try await upload.uploadPart(1, .bytes(Array(bytes[..<MultipartUpload.partByteCountMin])))
      let tag = try await upload.complete()
      let object = try await client.getObject(bucket: bucket, key: "parts", upTo: bytes.count)
      #expect(object.bytes == bytes)
      #expect(object.info.contentType == "image/png")
      #expect(object.info.entityTag == tag)
      #expect(tag.hasSuffix("-2"))
    }
  }

  @Test("an upload that is aborted, or dropped, leaves nothing", arguments: ServerUnderTest.available)
  func abortedMultipart(kind: Kind) async throws {
    try await Contract.run(kind) { contract in
      var options = ServiceOptions()
      options.retryPolicy.attemptCountMax = 1
      let client = try contract.s3(options: options)
      let bucket = contract.uniqueName
      try await client.createBucket(bucket)
      // moto answers 500 for a part of an upload that is gone.
      let isGone = { @LoopActor (key: String, uploadID: String) async -> Bool in
        do {
          _ = try await client.uploadPart(2, .bytes([1]), bucket: bucket, key: key, uploadID: uploadID)
          return false
        } catch {
          let error = (error as? AWSError)?.serviceError
          return error?.code == "NoSuchUpload" || kind == .moto && error?.status == 500
        }
      }
      let upload = try await client.createMultipartUpload(bucket: bucket, key: "aborted")
      let abortedID = upload.uploadID
      try await upload.uploadPart(1, .bytes([1]))
      #expect(await isGone("aborted", abortedID) == false)
      try await upload.abort()
      #expect(await isGone("aborted", abortedID))
      let droppedID = try await Self.drop(client, bucket: bucket, key: "dropped")
      // Its abort has been started and will be answered; until then parts are still taken.
      var attempts = 0
      while await !isGone("dropped", droppedID) {
        attempts += 1
        try #require(attempts < 1000)
      }
      #expect(try await client.listObjects(bucket: bucket).objects.isEmpty)
      try await client.deleteBucket(bucket)
    }
  }

  @LoopActor private static func drop(_ client: S3Client, bucket: String, key: String) async throws -> String {
    let upload = try await client.createMultipartUpload(bucket: bucket, key: key)
    try await upload.uploadPart(1, .bytes([1]))
    return upload.uploadID
  }

  @Test("a presigned URL opens its object, and nothing else", arguments: strict)
  func presigned(kind: Kind) async throws {
    try await Contract.run(kind) { contract in
      let client = try contract.s3()
      let bucket = contract.uniqueName
      try await client.createBucket(bucket)
      for key in ["open me", "other"] { try await client.putObject(bucket: bucket, key: key, body: .bytes([7])) }
      let url = try await client.presignedURL(bucket: bucket, key: "open me", validFor: .seconds(60))
      let get = { @LoopActor (url: String) in
        try await contract.transport.send(TransportRequest(method: "GET", url: url))
      }
      #expect(try await get(url).body == [7])
      #expect(try await get(url.replacing("open%20me", with: "other")).status == 403)
      #expect(try await get(String(url.dropLast()) + (url.hasSuffix("0") ? "1" : "0")).status == 403)
      var late = ServiceOptions()
      late.now = { Date().addingTimeInterval(-120) }
      let expired = try await contract.s3(options: late)
        .presignedURL(bucket: bucket, key: "open me", validFor: .seconds(60))
      #expect(try await get(expired).status == 403)
      _ = try await client.deleteObjects(bucket: bucket, keys: ["open me", "other"])
      try await client.deleteBucket(bucket)
    }
  }
}
