import AWS
import EventLoop
import Foundation
import TestSupport
import Testing

@testable import LocalCloud

/// Bodies as the SDKs send them, made by hand: boto3 over plain HTTP does not make the framed ones.
struct S3BodyTests {
  private static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) } }

  /// Unsigned aws-chunked framing.
  private static func framed(_ payload: [UInt8], chunk: Int = 65_536, trailer: String = "") -> [UInt8] {
    var body: [UInt8] = []
    for start in stride(from: 0, to: payload.count, by: chunk) {
      let end = min(start + chunk, payload.count)
      body += Array(String(end - start, radix: 16).utf8) + [13, 10] + payload[start..<end] + [13, 10]
    }
    return body + Array("0\r\n\(trailer)\r\n".utf8)
  }

  /// Framing with a signature to each chunk, and to the trailer if there is one.
  private static func framed(
    _ payload: [UInt8], chunk: Int, signer: SigV4.ChunkSigner, trailer: [(name: String, value: String)]? = nil
  ) -> [UInt8] {
    var signer = signer
    var body: [UInt8] = []
    for start in stride(from: 0, to: payload.count, by: chunk) {
      let data = Array(payload[start..<min(start + chunk, payload.count)])
      body += Array("\(String(data.count, radix: 16));chunk-signature=\(signer.sign(chunk: data))\r\n".utf8)
      body += data + [13, 10]
    }
    body += Array("0;chunk-signature=\(signer.sign(chunk: []))\r\n".utf8)
    if let trailer {
      for (name, value) in trailer { body += Array("\(name):\(value)\r\n".utf8) }
      body += Array("x-amz-trailer-signature:\(signer.sign(trailer: trailer))\r\n".utf8)
    }
    return body + [13, 10]
  }

  private func withBucket(_ body: @escaping @Sendable @LoopActor (CloudUnderTest) async throws -> Void) async throws {
    try await onLoop {
      try await CloudUnderTest.run { cloud in
        #expect(try await cloud.send("PUT", "/bucket").status == 200)
        try await body(cloud)
      }
    }
  }

  @Test(
    "an unsigned framed body with a checksum trailer is stored without its framing",
    arguments: [0, 1, 100_000, 1_000_000])
  func unsignedTrailer(_ count: Int) async throws {
    try await withBucket { cloud in
      let payload = Self.bytes(count)
      let checksum = CRC32C(of: payload).base64
      let (request, _) = cloud.signed(
        "PUT", "/bucket/k",
        headers: [
          ("Content-Encoding", "aws-chunked"), ("x-amz-decoded-content-length", String(count)),
          ("x-amz-trailer", "x-amz-checksum-crc32c"), ("x-amz-sdk-checksum-algorithm", "CRC32C"),
        ], payloadHash: .streamingUnsignedTrailer)
      let put = try await cloud.send(request, Self.framed(payload, trailer: "x-amz-checksum-crc32c:\(checksum)\r\n"))
      #expect(put.status == 200, "\(put.text)")
      #expect(put.headers["x-amz-checksum-crc32c"] == checksum)
      let got = try await cloud.send("GET", "/bucket/k", headers: [("x-amz-checksum-mode", "ENABLED")])
      #expect(got.body == payload)
      #expect(got.headers["x-amz-checksum-crc32c"] == checksum)
      #expect(got.headers["x-amz-checksum-type"] == "FULL_OBJECT")
      #expect(got.headers["content-encoding"] == nil)
    }
  }

  @Test("a trailer that is wrong, missing, or of another algorithm stores nothing")
  func badTrailers() async throws {
    try await withBucket { cloud in
      let payload = Self.bytes(1000)
      let cases: [(trailer: String, code: String)] = [
        ("x-amz-checksum-crc32c:AAAAAA==\r\n", "BadDigest"), ("", "MalformedTrailerError"),
        ("x-amz-checksum-crc32:AAAAAA==\r\n", "MalformedTrailerError"),
        ("x-amz-checksum-crc32c:x\r\n", "InvalidRequest"),
      ]
      for (trailer, code) in cases {
        let (request, _) = cloud.signed(
          "PUT", "/bucket/k",
          headers: [("x-amz-decoded-content-length", "1000"), ("x-amz-trailer", "x-amz-checksum-crc32c")],
          payloadHash: .streamingUnsignedTrailer)
        let put = try await cloud.send(request, Self.framed(payload, trailer: trailer))
        #expect(put.status == 400)
        #expect(put.element("Code") == code, "\(trailer)")
        #expect(try await cloud.send("HEAD", "/bucket/k").status == 404)
      }
      #expect(cloud.files(in: "staging").isEmpty)
      #expect(cloud.files(in: "objects").isEmpty)
    }
  }

  @Test("signed chunks are verified one by one, with and without a signed trailer", arguments: [false, true])
  func signedChunks(hasTrailer: Bool) async throws {
    try await withBucket { cloud in
      let payload = Self.bytes(30_000)
      let trailer = hasTrailer ? [(name: "x-amz-checksum-crc32c", value: CRC32C(of: payload).base64)] : nil
      @LoopActor func put(_ change: (inout [UInt8]) -> Void) async throws -> TransportResponse {
        let (request, signature) = cloud.signed(
          "PUT", "/bucket/k",
          headers: [("x-amz-decoded-content-length", "30000")]
            + (hasTrailer ? [("x-amz-trailer", "x-amz-checksum-crc32c")] : []),
          payloadHash: hasTrailer ? .streamingTrailer : .streaming)
        var body = Self.framed(payload, chunk: 8192, signer: signature.chunkSigner(), trailer: trailer)
        change(&body)
        return try await cloud.send(request, body)
      }
      // A byte of every chunk, of the first signature, and of the end: the trailer's signature or the last chunk's.
      for offset in [100, 9000, 17_000, 25_000, 30, -10] {
        let tampered = try await put { body in
          let index = offset < 0 ? body.count + offset : offset
          body[index] = body[index] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
        }
        #expect(tampered.status == 403, "\(offset): \(tampered.text)")
        #expect(tampered.element("Code") == "SignatureDoesNotMatch")
        #expect(try await cloud.send("HEAD", "/bucket/k").status == 404)
      }
      let whole = try await put { _ in }
      #expect(whole.status == 200, "\(whole.text)")
      #expect(try await cloud.send("GET", "/bucket/k").body == payload)
    }
  }

  @Test("of signed chunks only the last may be small")
  func smallChunks() async throws {
    try await withBucket { cloud in
      let (request, signature) = cloud.signed(
        "PUT", "/bucket/k", headers: [("x-amz-decoded-content-length", "5000")], payloadHash: .streaming)
      let put = try await cloud.send(
        request, Self.framed(Self.bytes(5000), chunk: 1000, signer: signature.chunkSigner()))
      #expect(put.element("Code") == "InvalidChunkSizeError")
    }
  }

  @Test("a payload of another length than announced is refused", arguments: ["999", "1001"])
  func wrongLength(_ announced: String) async throws {
    try await withBucket { cloud in
      let (request, _) = cloud.signed(
        "PUT", "/bucket/k", headers: [("x-amz-decoded-content-length", announced)],
        payloadHash: .streamingUnsignedTrailer)
      let put = try await cloud.send(request, Self.framed(Self.bytes(1000)))
      #expect(put.status == 400)
      #expect(put.element("Code") == "IncompleteBody")
    }
  }

  @Test("without a length nothing is accepted")
  func missingLength() async throws {
    try await withBucket { cloud in
      let (request, _) = cloud.signed("PUT", "/bucket/k", payloadHash: .streamingUnsignedTrailer)
      let put = try await cloud.send(request, Self.framed([1]))
      #expect(put.status == 411)
      #expect(put.element("Code") == "MissingContentLength")
    }
  }

  @Test("more than S3 takes in one request is refused before it is sent")
  func tooLarge() async throws {
    var limits = LocalCloudLimits()
    limits.putByteCountMax = 1000
    try await onLoop { [limits] in
      try await CloudUnderTest.run(limits: limits) { cloud in
        _ = try await cloud.send("PUT", "/bucket")
        #expect(try await cloud.send("PUT", "/bucket/k", Self.bytes(1000)).status == 200)
        let put = try await cloud.send("PUT", "/bucket/k", Self.bytes(1001))
        #expect(put.status == 400)
        #expect(put.element("Code") == "EntityTooLarge")
        #expect(put.element("MaxSizeAllowed") == "1000")
      }
    }
  }
}
