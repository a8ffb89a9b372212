import HTTP
import Testing

@Suite("The boundary is taken from the Content-Type")
struct MultipartBoundaryTests {
  @Test(
    "tokens and quoted strings",
    arguments: [
      ("multipart/form-data; boundary=abc", "abc"),
      ("Multipart/Form-Data;BOUNDARY=aBc", "aBc"),
      (
        "multipart/form-data ; charset=utf-8; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
        "----WebKitFormBoundary7MA4YWxkTrZu0gW"
      ),
      ("multipart/form-data; boundary=\"gc0p4Jq0M:2Yt08 jU534c0p\"; x=y", "gc0p4Jq0M:2Yt08 jU534c0p"),
      ("multipart/form-data; boundary=\"abc\";", "abc"),
      ("multipart/form-data; boundary=\"'()+_,-./:=?\"", "'()+_,-./:=?"),
    ])
  func accepted(contentType: String, boundary: String) throws {
    #expect(try MultipartBoundary(contentType: contentType).bytes == Array(boundary.utf8))
  }

  @Test(
    "what is not multipart/form-data is told apart",
    arguments: ["", "image/jpeg", "multipart/mixed; boundary=a", "multipart/form-data-x; boundary=a", "; boundary=a"])
  func otherTypes(contentType: String) {
    #expect(throws: MultipartError.notMultipart) { try MultipartBoundary(contentType: contentType) }
  }

  @Test(
    "a missing, malformed or second boundary is refused",
    arguments: [
      "", "; boundary", "; boundary=", "; boundary=\"\"", "; boundary=\"abc", "; boundary=a/b", "; boundary=a b",
      "; boundary=\"abc \"", "; boundary=\"a;b\"", "; boundary=\"a\\\"b\"", "; boundary=a*b",
      "; boundary=\"é\"", "; boundary=a; boundary=a", "; boundary=\"a\r\nb\"", " boundary=a", "; xboundary=a",
    ])
  func refused(parameters: String) {
    #expect {
      try MultipartBoundary(contentType: "multipart/form-data" + parameters)
    } throws: { error in
      ["malformed-boundary", "not-multipart"].contains((error as? MultipartError)?.code)
    }
  }

  @Test("1 to 70 characters")
  func lengths() throws {
    #expect(throws: Never.self) { try MultipartBoundary(Array(repeating: UInt8(ascii: "b"), count: 70)) }
    #expect(throws: MultipartError.self) { try MultipartBoundary(Array(repeating: UInt8(ascii: "b"), count: 71)) }
    #expect(throws: MultipartError.self) { try MultipartBoundary([]) }
  }
}
