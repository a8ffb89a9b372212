import AWS
import Foundation
import Testing

@Suite("the examples of the S3 API Reference")
struct S3ExampleTests {
  private func authorization(_ request: SigV4.Request) -> String? {
    var request = request
    var signer = SigV4.s3(region: "us-east-1")
    signer.sign(&request, with: S3Examples.credentials, at: S3Examples.date)
    return request.header("Authorization")
  }

  @Test("GET object with a range")
  func getObject() {
    #expect(
      authorization(S3Examples.request("GET", "/test.txt", headers: [("Range", "bytes=0-9")])) == """
        AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
        SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
        Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41
        """)
  }

  @Test("PUT object, with a key that needs encoding", arguments: ["/test$file.text", "/test%24file.text"])
  func putObject(path: String) {
    let request = S3Examples.request(
      "PUT", path,
      headers: [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
      payloadHash: .sha256(of: Array("Welcome to Amazon S3.".utf8)))
    #expect(
      authorization(request) == """
        AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
        SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, \
        Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd
        """)
  }

  @Test("GET bucket lifecycle: a parameter without a value")
  func getLifecycle() {
    #expect(
      authorization(S3Examples.request("GET", "/", query: "lifecycle")) == """
        AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
        SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
        Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543
        """)
  }

  @Test("GET bucket: list objects with a prefix")
  func listObjects() {
    #expect(
      authorization(S3Examples.request("GET", "/", query: "max-keys=2&prefix=J")) == """
        AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
        SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
        Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7
        """)
  }

  @Test("a presigned URL valid for a day")
  func presigned() {
    var request = S3Examples.request("GET", "/test.txt", payloadHash: .unsigned)
    var signer = SigV4.s3(region: "us-east-1")
    signer.presign(&request, with: S3Examples.credentials, at: S3Examples.date, expiresInSeconds: 86_400)
    #expect(
      request.target == """
        /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
        &X-Amz-Date=20130524T000000Z&X-Amz-SignedHeaders=host&X-Amz-Expires=86400\
        &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404
        """)
  }

  @Test("an upload in signed chunks: 64 KiB, 1 KiB, none")
  func chunks() {
    var request = S3Examples.request(
      "PUT", "/examplebucket/chunkObject.txt",
      headers: [
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"), ("Content-Encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "66560"), ("Content-Length", "66824"),
      ], payloadHash: .streaming)
    request.headers[0].1 = "s3.amazonaws.com"
    var signer = SigV4.s3(region: "us-east-1")
    let seed = signer.sign(&request, with: S3Examples.credentials, at: S3Examples.date)
    #expect(seed.hexadecimal == "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")
    var chunks = seed.chunkSigner()
    let letter = UInt8(ascii: "a")
    #expect(
      chunks.sign(chunk: [UInt8](repeating: letter, count: 65_536))
        == "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648")
    #expect(
      chunks.sign(chunk: [UInt8](repeating: letter, count: 1024))
        == "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497")
    #expect(chunks.sign(chunk: []) == "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9")
  }

  @Test("an upload in signed chunks with a signed trailer")
  func trailer() {
    var request = S3Examples.request(
      "PUT", "/examplebucket/chunkObject.txt",
      headers: [
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"), ("Content-Encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "66560"), ("x-amz-trailer", "x-amz-checksum-crc32c"),
        ("Content-Length", "66824"),
      ], payloadHash: .streamingTrailer)
    request.headers[0].1 = "s3.amazonaws.com"
    // The documentation's canonical request leaves Content-Length out.
    request.headers.removeLast()
    var signer = SigV4.s3(region: "us-east-1")
    let seed = signer.sign(&request, with: S3Examples.credentials, at: S3Examples.date)
    #expect(seed.hexadecimal == "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e")
    var chunks = seed.chunkSigner()
    let letter = UInt8(ascii: "a")
    #expect(
      chunks.sign(chunk: [UInt8](repeating: letter, count: 65_536))
        == "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2")
    #expect(
      chunks.sign(chunk: [UInt8](repeating: letter, count: 1024))
        == "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7")
    #expect(chunks.sign(chunk: []) == "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992")
    #expect(
      chunks.sign(trailer: [("x-amz-checksum-crc32c", "sOO8/Q==")])
        == "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435")
  }
}
