import HTTP
import Testing

@Suite("Header fields")
struct HTTPHeadersTests {
  @Test("names have no case, order is kept, setting replaces all of a name")
  func headers() {
    var headers: HTTPHeaders = ["A": "1", "b": "2", "a": "3"]
    #expect(headers["a"] == "1")
    #expect(headers.all("A") == ["1", "3"])
    headers["B"] = "4"
    #expect(headers.map { "\($0.name)=\($0.value)" } == ["A=1", "a=3", "B=4"])
    headers["A"] = nil
    #expect(headers.count == 1)
    #expect(!headers.contains("a"))
    #expect(headers.contains("b"))
  }
}

@Suite("Dates")
struct HTTPDateTests {
  @Test(
    "dates are written as RFC 9110 §5.6.7 wants them",
    arguments: [
      (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
      (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
      (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
    ])
  func writing(seconds: Int64, text: String) {
    #expect(HTTPDate(secondsSinceEpoch: seconds).description == text)
    #expect(HTTPDate(parsing: text)?.secondsSinceEpoch == seconds)
  }

  @Test(
    "all three forms are read",
    arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
  func reading(text: String) {
    #expect(HTTPDate(parsing: text)?.secondsSinceEpoch == 784_111_777)
  }

  @Test(
    "what is no date is none",
    arguments: [
      "", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 29 Feb 1995 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Xxx, 06 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 94444 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
    ])
  func invalid(text: String) { #expect(HTTPDate(parsing: text) == nil) }
}

@Suite("Percent-encoding and queries")
struct PercentEncodingTests {
  @Test("escapes are decoded once, and plus signs only when asked")
  func decoding() {
    #expect(PercentEncoding.decodeString("a%20b%2520+%C3%a9") == "a b%20+\u{E9}")
    #expect(PercentEncoding.decodeString("a+b%2B", plusIsSpace: true) == "a b+")
    #expect(PercentEncoding.decode("%00%ff") == [0, 255])
    for invalid in ["%", "%2", "%zz", "%-1", "a%2"] { #expect(PercentEncoding.decode(invalid) == nil) }
    #expect(PercentEncoding.decodeString("%ff") == nil)
  }

  @Test("a query is split before it is decoded")
  func query() throws {
    let query = try #require(QueryParameters(parsing: "a=1&b=x%26y%3Dz&acl&c==&a=2&&=v"))
    #expect(query.parameters.map { "\($0.name)|\($0.value)" } == ["a|1", "b|x&y=z", "acl|", "c|=", "a|2", "|v"])
    #expect(query["a"] == "1")
    #expect(query.all("a") == ["1", "2"])
    #expect(query.contains("acl"))
    #expect(query["d"] == nil)
    #expect(QueryParameters(parsing: "a=%zz") == nil)
    #expect(QueryParameters(parsing: nil)?.parameters == [])
    #expect(QueryParameters(parsing: "a=b+c", plusIsSpace: true)?["a"] == "b c")
    #expect(QueryParameters(parsing: "a=b+c")?["a"] == "b+c")
  }
}

@Suite("Media types")
struct MediaTypeTests {
  @Test("type, subtype and parameters, quoted or not")
  func parsing() throws {
    let type = try #require(MediaType(parsing: #"Multipart/Form-Data ; Boundary="a \"b\"; c";charset=UTF-8; "#))
    #expect(type.essence == "multipart/form-data")
    #expect(type.parameters == ["boundary": #"a "b"; c"#, "charset": "UTF-8"])
    #expect(MediaType(parsing: "text/plain")?.parameters == [:])
    #expect(MediaType(parsing: "image/svg+xml")?.subtype == "svg+xml")
  }

  @Test(
    "what is no media type is none",
    arguments: [
      "", "text", "text/", "/plain", "text /plain", "text/plain, text/html", "text/plain; a", "text/plain; a=",
      "text/plain; a=b; A=c", "text/plain; a=\"b", "text/plain; a=\"b\" c", "text/plain; a=b c", "text/plain x",
    ])
  func invalid(value: String) { #expect(MediaType(parsing: value) == nil) }
}

@Suite("Problems")
struct ProblemTests {
  @Test("a problem is the JSON of RFC 9457 with its extension members")
  func json() {
    let problem = Problem(
      .tooManyRequests, code: "full", detail: "\"später\"",
      members: ["limit": .integer(3), "again": .boolean(true), "who": .string("a/b"), "status": .integer(1)],
      retryAfter: 5)
    let response = problem.response
    #expect(
      String(decoding: response.body, as: UTF8.self)
        == #"{"again":true,"code":"full","detail":"\"später\"","limit":3,"status":429,"title":"Too Many Requests","#
        + #""type":"about:blank","who":"a/b"}"#)
    #expect(response.headers["content-type"] == "application/problem+json")
    #expect(response.headers["retry-after"] == "5")
    #expect(Problem(.methodNotAllowed, allow: [.get, .head]).response.headers["allow"] == "GET, HEAD")
  }
}
