import HTTP
import Testing

@testable import LocalCloud

struct S3RulesTests {
  @Test("a range of bytes means what RFC 9110 says")
  func ranges() throws {
    let cases: [(String, Range<Int>)] = [
      ("bytes=0-0", 0..<1), ("bytes=0-9", 0..<10), ("bytes=5-", 5..<10), ("bytes=-3", 7..<10), ("bytes=-30", 0..<10),
      ("bytes=2-99999999999999999999", 2..<10),
    ]
    for (text, expected) in cases { #expect(try ByteRange(text)?.resolve(10) == expected, "\(text)") }
    for text in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999-"] {
      #expect(throws: S3Error.self, "\(text)") { try ByteRange(text)?.resolve(10) }
    }
    for text in [
      "bytes=", "bytes=-", "bytes=1-0", "bytes=a-b", "bytes=0-1,3-4", "lines=0-1", "bytes=+1-2", "bytes= 1-2",
    ] {
      #expect(ByteRange(text) == nil, "\(text)")
    }
    #expect(throws: S3Error.self) { try ByteRange("bytes=0-")?.resolve(0) }
  }

  @Test("bucket names follow the naming rules")
  func bucketNames() {
    for name in ["abc", "a-b", "a.b.c", "1ab", String(repeating: "a", count: 63), "1.2.3.4.5", "1.2.3.256"] {
      #expect(S3Target.isValidBucketName(name), "\(name)")
    }
    for name in [
      "", "ab", String(repeating: "a", count: 64), "Abc", "a_b", "-ab", "ab-", ".ab", "ab.", "a..b", "1.2.3.4", "xn--a",
      "äbc",
      "a-s3alias", "sthree-a",
    ] {
      #expect(!S3Target.isValidBucketName(name), "\(name)")
    }
  }

  @Test("a path is decoded once and not normalised")
  func targets() throws {
    let target = try S3Target(path: "/b/a%2Fb/../%25%32%30//+", keyByteCountMax: 1024)
    #expect(target.bucket == "b")
    #expect(target.key == "a/b/../%20//+")
    #expect(try S3Target(path: "/", keyByteCountMax: 1024).bucket == nil)
    #expect(try S3Target(path: "/b/", keyByteCountMax: 1024).key == nil)
    #expect(throws: S3Error.self) { try S3Target(path: "/b/%FF", keyByteCountMax: 1024) }
    #expect(throws: S3Error.self) { try S3Target(path: "/b/%2", keyByteCountMax: 1024) }
    #expect(throws: S3Error.self) { try S3Target(path: "//k", keyByteCountMax: 1024) }
  }

  @Test("segments are cut where a range begins and ends")
  func slices() throws {
    let segments = [3, 0, 5, 4].map { Segment(file: .random(), byteCount: $0) }
    #expect([Segment](encoded: segments.encoded) == segments)
    for low in 0...12 {
      for high in low...12 {
        let slices = segments.slices(of: low..<high)
        #expect(slices.reduce(0) { $0 + $1.range.count } == high - low)
        #expect(slices.allSatisfy { !$0.range.isEmpty })
      }
    }
    let across = segments.slices(of: 2..<9)
    #expect(across.map(\.range) == [2..<3, 0..<5, 0..<1])
    #expect(across.map(\.file) == [segments[0].file, segments[2].file, segments[3].file])
    #expect([Segment](encoded: [1, 2, 3]) == nil)
  }

  @Test("of conditions, entity tags go before dates")
  func conditions() throws {
    let record = ObjectRecord(
      segments: [], byteCount: 0, etag: "tag", modifiedAt: Timestamp(millisecondsSinceEpoch: 784_111_777_900),
      checksum: nil, attributes: ObjectAttributes(stored: ""))
    let same = "Sun, 06 Nov 1994 08:49:37 GMT"
    let before = "Sun, 06 Nov 1994 08:49:36 GMT"
    func code(_ headers: HTTPHeaders) -> S3ErrorCode? {
      do {
        try ReadConditions(headers).check(record)
        return nil
      } catch {
        return error.code
      }
    }
    #expect(code([:]) == nil)
    #expect(code(["If-Match": "\"tag\""]) == nil)
    #expect(code(["If-Match": "\"a\", \"tag\""]) == nil)
    #expect(code(["If-Match": "*"]) == nil)
    #expect(code(["If-Match": "\"other\""]) == .preconditionFailed)
    #expect(code(["If-None-Match": "tag"]) == .notModified)
    #expect(code(["If-None-Match": "\"other\""]) == nil)
    #expect(code(["If-Modified-Since": same]) == .notModified)
    #expect(code(["If-Modified-Since": before]) == nil)
    #expect(code(["If-Modified-Since": "yesterday"]) == nil)
    #expect(code(["If-Unmodified-Since": same]) == nil)
    #expect(code(["If-Unmodified-Since": before]) == .preconditionFailed)
    #expect(code(["If-Match": "\"tag\"", "If-Unmodified-Since": before]) == nil)
    #expect(code(["If-None-Match": "\"other\"", "If-Modified-Since": same]) == nil)
  }

  @Test("attributes come back as they went in, without the transfer's own encoding")
  func attributes() throws {
    let headers: HTTPHeaders = [
      "Content-Type": "text/plain: odd", "X-Amz-Meta-A": "1", "x-amz-meta-a": "2",
      "Content-Encoding": "gzip, aws-chunked",
      "Authorization": "no", "Cache-Control": "",
    ]
    let attributes = try ObjectAttributes(headers, userMetadataByteCountMax: 100)
    #expect(ObjectAttributes(stored: attributes.stored) == attributes)
    var shown = HTTPHeaders()
    attributes.add(to: &shown)
    #expect(shown["content-type"] == "text/plain: odd")
    #expect(shown["x-amz-meta-a"] == "1,2")
    #expect(shown["content-encoding"] == "gzip")
    #expect(shown["authorization"] == nil)
    #expect(throws: S3Error.self) { try ObjectAttributes(headers, userMetadataByteCountMax: 2) }
  }

  @Test("XML is read as a tree, and entities are not expanded")
  func xml() throws {
    let text = "<Delete xmlns=\"http://x\"><Object><Key>a&amp;b&#13;</Key></Object><Quiet>true</Quiet></Delete>"
    let node = try XMLNode(parsing: Array(text.utf8), root: "Delete")
    #expect(node.all("Object").first?["Key"] == "a&b\r")
    #expect(node["Quiet"] == "true")
    for bad in [
      "", "<Delete>", "<Other/>", "<Delete></Other>",
      "<!DOCTYPE d [<!ENTITY a \"b\">]><Delete><Quiet>&a;</Quiet></Delete>",
      String(repeating: "<Delete>", count: 50) + String(repeating: "</Delete>", count: 50),
    ] {
      #expect(throws: S3Error.self, "\(bad)") { try XMLNode(parsing: Array(bad.utf8), root: "Delete") }
    }
  }

  @Test("what is written into XML cannot break out of its element")
  func xmlWriting() {
    var xml = XMLWriter()
    xml.element("a", "<&>\"\r\n\u{1}ä")
    #expect(String(decoding: xml.bytes, as: UTF8.self).hasSuffix("\n<a>&lt;&amp;&gt;&quot;&#13;&#10;&#1;ä</a>"))
  }
}
