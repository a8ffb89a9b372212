import HTTP
import Testing

@Suite("The multipart parser reads the heads of parts")
struct MultipartHeadTests {
  func head(_ lines: String) throws -> MultipartPartHead {
    let recorder = try parseMultipart(Array("--bound\r\n\(lines)\r\n\r\nx\r\n--bound--\r\n".utf8))
    return try #require(recorder.heads.first)
  }

  func fileName(_ parameters: String) throws -> String? {
    try head("Content-Disposition: form-data; name=f; \(parameters)").fileName
  }

  @Test("header names are read in any case, values without the blanks around them")
  func caseAndBlanks() throws {
    let head = try head("CONTENT-disposition:\tForm-Data ;NAME=\"f\";  FileName=a.png \t\r\ncontent-TYPE:image/png ")
    #expect(head.name == "f")
    #expect(head.fileName == "a.png")
    #expect(head.contentType == "image/png")
    #expect(head.contentLength == nil)
  }

  @Test("the raw lines are there as they came")
  func rawHeaders() throws {
    let lines = "X: 1\r\nContent-Disposition: form-data; name=f\r\nY:2"
    #expect(try head(lines).rawHeaders == Array((lines + "\r\n").utf8))
  }

  @Test("a folded header is one header")
  func folding() throws {
    let head = try head("Content-Disposition: form-data;\r\n name=\"f\";\r\n\tfilename=\"a\r\n b.jpg\"")
    #expect(head.name == "f")
    #expect(head.fileName == "a b.jpg")
  }

  @Test("a part's own length is taken when it is a number")
  func contentLength() throws {
    func length(_ value: String) throws -> Int? {
      try head("Content-Disposition: form-data; name=f\r\nContent-Length: \(value)").contentLength
    }
    #expect(try length("0") == 0)
    #expect(try length("123456") == 123_456)
    for value in ["", "-1", "+1", "0x10", "1 2", "99999999999999999999"] { #expect(try length(value) == nil) }
  }

  @Test("a part is a file when it has a file name, if only an empty one")
  func files() throws {
    #expect(try !head("Content-Disposition: form-data; name=f").isFile)
    #expect(try head("Content-Disposition: form-data; name=f; filename=\"\"").isFile)
    #expect(try fileName("filename=\"\"")?.isEmpty == true)
  }

  @Test("UTF-8 in names is taken as it is, and what is not UTF-8 replaced")
  func utf8() throws {
    #expect(try fileName("filename=\"çà 猫.jpg\"") == "çà 猫.jpg")
    #expect(try head("Content-Disposition: form-data; name=\"фото\"").name == "фото")
    let body =
      Array("--bound\r\nContent-Disposition: form-data; name=f; filename=\"a".utf8) + [0xff, 0xfe]
      + Array(".jpg\"\r\n\r\nx\r\n--bound--".utf8)
    #expect(try parseMultipart(body).heads.first?.fileName == "a\u{fffd}\u{fffd}.jpg")
  }

  @Test("the three escapes of browsers are undone in both names (WHATWG HTML)")
  func browserEscapes() throws {
    #expect(try head("Content-Disposition: form-data; name=\"a%22b%0D%0Ac%0a%41%\"").name == "a\"b\r\nc\n%41%")
    #expect(try fileName("filename=\"a%22b%0d%0A.jpg\"") == "a\"b\r\n.jpg")
  }

  @Test("a file name that reads as percent-encoded as a whole is decoded (RFC 7578 2), others are not")
  func percentEncoding() throws {
    #expect(try fileName("filename=\"%E7%8C%AB%20cat.jpg\"") == "猫 cat.jpg")
    #expect(try fileName("filename=\"50%off%20.jpg\"") == "50%off%20.jpg")
    #expect(try fileName("filename=\"50%off%22.jpg\"") == "50%off\".jpg")
    #expect(try fileName("filename=\"%FF.jpg\"") == "%FF.jpg")
    #expect(try fileName("filename=\"a%00b.jpg\"") == "a%00b.jpg")
    #expect(try fileName("filename=\"100%\"") == "100%")
    #expect(try fileName("filename=\"%2e%2e%2fetc%2fpasswd\"") == "passwd")
  }

  @Test("filename* goes before filename, in either order (RFC 6266 4.3)")
  func extendedPreference() throws {
    #expect(try fileName("filename=\"cat.jpg\"; filename*=UTF-8''%e7%8c%ab.jpg") == "猫.jpg")
    #expect(try fileName("filename*=utf-8'ja'%E7%8C%AB.jpg; filename=\"cat.jpg\"") == "猫.jpg")
    #expect(try fileName("filename*=ISO-8859-1'en'%A3%20rates.jpg") == "£ rates.jpg")
    #expect(try fileName("filename*=utf-8''%ff.jpg") == "\u{fffd}.jpg")
    #expect(try fileName("filename*=utf-8''") == "")
  }

  @Test(
    "a filename* that is malformed or of an unknown charset is passed over; alone it is an error",
    arguments: ["utf-8''%e", "utf-8'cat.jpg", "cat.jpg", "koi8-r''%C0.jpg", "''cat.jpg", "utf-8''a*b", "utf-8''a'b"])
  func malformedExtended(value: String) throws {
    #expect(try fileName("filename=cat.jpg; filename*=\(value)") == "cat.jpg")
    #expect(throws: MultipartError.self) { try fileName("filename*=\(value)") }
  }

  @Test("a backslash escapes quotes and backslashes, and is itself before anything else")
  func backslashes() throws {
    #expect(try fileName(#"filename="a\"b.jpg""#) == "a\"b.jpg")
    #expect(try head(#"Content-Disposition: form-data; name="a\\b\c""#).name == #"a\b\c"#)
  }

  @Test("of a path only the last component is kept, whichever way the slashes lean")
  func paths() throws {
    #expect(try fileName(#"filename="C:\Users\me\cat.jpg""#) == "cat.jpg")
    #expect(try fileName(#"filename="\\server\share\cat.jpg""#) == "cat.jpg")
    #expect(try fileName(#"filename="../../etc/passwd""#) == "passwd")
    #expect(try fileName(#"filename*=utf-8''..%2F..%5Ccat.jpg"#) == "cat.jpg")
    #expect(try fileName(#"filename="dir/""#) == "")
    #expect(try fileName(#"filename="..""#) == "..")
  }

  @Test(
    "a malformed Content-Disposition is refused",
    arguments: [
      "attachment; name=f", "", "form-data", "form-data; filename=a", "form-data; name", "form-data; name=",
      "form-data; name=\"f", "form-data; name=f; name=g", "form-data; name=f; filename=a b.jpg",
      "form-data; name=f; filename=\"a\"b", "form-data; =f", "form-data; name=f; filename=\"C:\\dir\\\"",
      "form-data name=f", "form-data; name=é",
    ])
  func malformedDisposition(value: String) throws {
    let error = #expect(throws: MultipartError.self) { try head("Content-Disposition: \(value)") }
    #expect(error?.code == "malformed-content-disposition")
  }

  @Test("empty parameters are skipped (RFC 9110 5.6.6)")
  func emptyParameters() throws {
    #expect(try head("Content-Disposition: form-data; ;; name=f ; ").name == "f")
  }
}
