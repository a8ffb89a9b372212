import EventLoop
import TestSupport
import Testing

@testable import AWS

@Suite("which headers are signed")
struct SignedHeadersTests {
  private static let names = [
    "Host", "X-Amz-Date", "x-amz-date", "content-type", "Content-Type", "a", "A", "x-amz-content-sha256", "User-Agent",
    "Expect", "Authorization", "x-amz-meta-a", "x-amz-meta", "TE", "Z",
  ]
  private static let values = ["", "v", " v ", "a  b", "\ta\n b\u{B}", "\"a   b\"", "é", "a,b"]

  private static func headers(using random: inout SplitMix64) -> [(name: String, value: String)] {
    (0..<Int.random(in: 0...9, using: &random)).map { _ in
      (names.randomElement(using: &random)!, values.randomElement(using: &random)!)
    }
  }

  /// What the AWS documentation says, step by step.
  private static func plain(_ headers: [(name: String, value: String)]) -> (lines: String, names: String) {
    let hops = ["te", "expect", "user-agent", "authorization"]
    var values: [String: [String]] = [:]
    for (name, value) in headers where !hops.contains(name.lowercased()) {
      let words = value.split { " \t\n\u{B}".contains($0) }
      values[name.lowercased(), default: []].append(words.joined(separator: " "))
    }
    let names = values.keys.sorted()
    return (
      names.map { "\($0):\(values[$0]!.joined(separator: ","))\n" }.joined(), names.joined(separator: ";")
    )
  }

  @Test("they are sorted, joined and collapsed as the documentation says", arguments: [51])
  func order(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<3000 {
      let headers = Self.headers(using: &random)
      let request = SigV4.Request(method: "GET", path: "/", headers: headers, payloadHash: .unsigned)
      let signed = SignedHeaders(of: headers)
      let canonical = CanonicalRequest(request, rules: .s3, signing: signed)
      let (lines, names) = Self.plain(headers)
      #expect(signed.text == names)
      #expect(
        String(decoding: canonical.bytes, as: UTF8.self) == "GET\n/\n\n\(lines)\n\(names)\nUNSIGNED-PAYLOAD",
        "\(headers)")
    }
  }

  @Test("a signer that has signed other requests signs as a new one does", arguments: [52])
  func reuse(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var used = SigV4.s3(region: "us-east-1")
    for _ in 0..<1000 {
      let names = Self.headers(using: &random)
      // The same names once more with other values, as a client's requests are.
      for headers in [names, names.map { ($0.name, Self.values.randomElement(using: &random)!) }] {
        var new = SigV4.s3(region: "us-east-1")
        var left = S3Examples.request("GET", "/", headers: headers)
        var right = left
        let credentials = Bool.random(using: &random) ? S3Examples.credentials : Self.temporary
        used.sign(&left, with: credentials, at: S3Examples.date)
        new.sign(&right, with: credentials, at: S3Examples.date)
        #expect(left.headers.map(\.name) == right.headers.map(\.name))
        #expect(left.headers.map(\.value) == right.headers.map(\.value))
      }
    }
  }

  private static let temporary = Credentials(accessKeyID: "id", secretAccessKey: "secret", sessionToken: "token")

  @Test("another number, order or case of names is another set")
  func fits() {
    let signed = SignedHeaders(of: [("Host", "a"), ("x", "b")])
    #expect(signed.fits([("Host", "other"), ("x", "")]))
    #expect(!signed.fits([("Host", "a")]))
    #expect(!signed.fits([("Host", "a"), ("x", "b"), ("y", "c")]))
    #expect(!signed.fits([("x", "b"), ("Host", "a")]))
    #expect(!signed.fits([("host", "a"), ("x", "b")]))
  }
}
