import AWS
import Testing

@Suite("canonical requests, where the suite has no vector")
struct CanonicalRequestTests {
  /// The lines of the canonical request that a signer makes.
  private func lines(_ rules: SigV4.Rules, path: String = "/", query: String = "") -> [Substring] {
    var signer = SigV4(region: "us-east-1", service: "s3", rules: rules)
    var request = S3Examples.request("GET", path, query: query)
    let signature = signer.sign(&request, with: S3Examples.credentials, at: S3Examples.date)
    return String(decoding: signature.canonicalRequest, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
  }

  @Test(
    "a repeated parameter is sorted by its encoded values, a name before one it begins",
    arguments: [
      ("a=2&a=10&a=1", "a=1&a=10&a=2"), ("a=b&a=%C3%A9&a=B", "a=%C3%A9&a=B&a=b"), ("ab=1&a=2&a-=3", "a=2&a-=3&ab=1"),
      ("b&a", "a=&b="), ("a==b", "a=%3Db"), ("&&a=1&", "a=1"), ("prefix=a+b%2Bc", "prefix=a%20b%2Bc"),
      ("a=%7e%2d", "a=~-"), ("a=100%", "a=100%25"), ("X-Amz-Signature=kept", "X-Amz-Signature=kept"),
    ])
  func query(wire: String, canonical: String) {
    #expect(lines(.s3, query: wire)[2] == canonical)
  }

  @Test(
    "S3's path is the key encoded once; every other service's is the wire's, encoded again",
    arguments: [
      ("/a%20b", "/a%20b", "/a%2520b"), ("/a b", "/a%20b", "/a%20b"), ("/a/../b//c/.", "/a/../b//c/.", "/b/c"),
      ("/a%2Fb", "/a/b", "/a%252Fb"), ("/%E1%88%B4", "/%E1%88%B4", "/%25E1%2588%25B4"), ("/a+b", "/a%2Bb", "/a%2Bb"),
      ("/..", "/..", "/"), ("/a/..b", "/a/..b", "/a/..b"), ("", "/", "/"),
    ])
  func path(wire: String, s3: String, generic: String) {
    #expect(lines(.s3, path: wire)[1] == s3)
    #expect(lines(.generic, path: wire)[1] == generic)
  }
}
