import AWS
import Testing

@Suite("percent-encoding")
struct URIEncodingTests {
  @Test("everything but the unreserved characters is encoded, with capital digits")
  func encode() {
    #expect(URIEncoding.encode("aZ09-._~") == "aZ09-._~")
    #expect(URIEncoding.encode("a b+c/d=é%") == "a%20b%2Bc%2Fd%3D%C3%A9%25")
    #expect(URIEncoding.encodePath("a b/c+d/é") == "a%20b/c%2Bd/%C3%A9")
  }

  @Test("decoding leaves broken triples alone and refuses what is not UTF-8")
  func decode() {
    #expect(URIEncoding.decode("a%20b%2bc") == "a b+c")
    #expect(URIEncoding.decode("100%") == "100%")
    #expect(URIEncoding.decode("%4") == "%4")
    #expect(URIEncoding.decode("%zz%41") == "%zzA")
    #expect(URIEncoding.decode("%FF") == nil)
    #expect(URIEncoding.decode("a+b") == "a+b")
    #expect(URIEncoding.decode("a+b", plusIsSpace: true) == "a b")
  }

  @Test("query parameters keep their order, their repetitions and their empty values")
  func query() {
    let query = SigV4.QueryParameters("a=1&b&a=2&&c=%20+&=x")
    #expect(query.values(of: "a") == ["1", "2"])
    #expect(query["b"] == "")
    #expect(query["c"] == "  ")
    #expect(query[""] == "x")
    #expect(query["d"] == nil)
    #expect(query.isValid)
    #expect(!SigV4.QueryParameters("a=%FF").isValid)
  }
}
