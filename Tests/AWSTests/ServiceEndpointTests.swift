import AWS
import Testing

@Suite("Endpoints, headers and XML")
struct ServiceEndpointTests {
  @Test(
    "an endpoint's parts",
    arguments: [
      ("http://127.0.0.1:9000", "http", "127.0.0.1:9000", ""),
      ("HTTPS://S3.Example.com:443/", "https", "s3.example.com", ""),
      ("http://host:80/prefix/", "http", "host", "/prefix"), ("http://[::1]:9000", "http", "[::1]:9000", ""),
    ])
  func parts(url: String, scheme: String, authority: String, path: String) throws {
    let endpoint = try ServiceEndpoint(url)
    #expect(endpoint.scheme == scheme)
    #expect(endpoint.authority == authority)
    #expect(endpoint.path == path)
  }

  @Test(
    "what is no endpoint",
    arguments: [
      "", "host", "ftp://host", "http://", "http:///path", "http://user@host", "http://host/?q", "http://a b",
    ])
  func refused(url: String) { #expect(throws: AWSError.self) { try ServiceEndpoint(url) } }

  @Test("XML is read into elements and text, entities resolved")
  func xml() throws {
    let tree = try XMLTree(parsing: Array("<a x='1'><b>1 &lt; 2</b><b><![CDATA[<c>]]></b><d/></a>".utf8))
    #expect(tree.name == "a")
    #expect(tree.all("b").map(\.text) == ["1 < 2", "<c>"])
    #expect(tree["d"]?.text == "")
  }

  @Test("broken, too deep and exploding XML is refused")
  func badXML() {
    let deep = String(repeating: "<a>", count: 200) + String(repeating: "</a>", count: 200)
    let laughs = """
      <!DOCTYPE l [<!ENTITY a "\(String(repeating: "lol", count: 100))">\
      \(zip("bcdefgh", "abcdefg").map { "<!ENTITY \($0) \"\(String(repeating: "&\($1);", count: 100))\">" }.joined())\
      ]><l>&h;</l>
      """
    for text in ["", "text", "<a>", "<a></b>", "<a/><b/>", deep, laughs] {
      #expect(throws: XMLTree.Malformed.self) { try XMLTree(parsing: Array(text.utf8)) }
    }
  }
}
