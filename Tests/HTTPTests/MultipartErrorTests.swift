import HTTP
import Testing

@Suite("The multipart parser refuses what is wrong")
struct MultipartErrorTests {
  static let disposition = "Content-Disposition: form-data; name=\"f\"\r\n"

  /// Parses the body whole and cut at every byte; all must fail alike.
  func failure(_ body: String, limits: MultipartLimits = MultipartLimits()) throws -> MultipartError? {
    let bytes = Array(body.utf8)
    let whole = try multipartOutcome(bytes, limits: limits).error
    for cut in 0...bytes.count {
      #expect(try multipartOutcome(bytes, cuts: [cut], limits: limits).error == whole, "cut at \(cut)")
    }
    return whole
  }

  @Test("a body cut off anywhere before its closing boundary is incomplete, and its last part never ends")
  func truncation() throws {
    let body = MultipartParserTests.twoParts
    let firstBoundary = crlf("--bound\n").count
    let complete = body.count - 2
    for end in 0..<complete {
      let outcome = try multipartOutcome(Array(body[..<end]))
      #expect(outcome.error == (end < firstBoundary ? .missingFirstBoundary : .missingFinalBoundary), "cut at \(end)")
      #expect(outcome.parts.last?.isComplete != true || outcome.parts.count < 2)
    }
    for end in complete...body.count { #expect(try multipartOutcome(Array(body[..<end])).error == nil) }
  }

  @Test("a body with another boundary than announced has none")
  func otherBoundary() throws {
    #expect(try failure("--other\r\n\(Self.disposition)\r\nx\r\n--other--\r\n") == .missingFirstBoundary)
    #expect(try failure("") == .missingFirstBoundary)
  }

  @Test("a line of the form that ends in LF alone is refused, not guessed at")
  func bareLineFeeds() throws {
    #expect(try failure("--bound\n") == .bareLineFeed)
    #expect(try failure("--bound \n") == .bareLineFeed)
    #expect(try failure("--bound\r\nContent-Disposition: form-data; name=\"f\"\n\r\nx\r\n--bound--") == .bareLineFeed)
    #expect(try failure("--bound\r\n\n") == .bareLineFeed)
    #expect(try failure("--bound\r\n\(Self.disposition)\nx\r\n--bound--") == .bareLineFeed)
    #expect(try failure("--bound\r\n\(Self.disposition)\r\nx\r\n--bound\n") == .bareLineFeed)
  }

  @Test("a boundary after a bare LF is content")
  func boundaryAfterLineFeed() throws {
    #expect(try failure("--bound\r\n\(Self.disposition)\r\nx\n--bound--\r\n") == .missingFinalBoundary)
  }

  @Test("text after the blanks of a boundary's line is refused")
  func delimiterLine() throws {
    #expect(try failure("--bound x\r\n") == .malformedDelimiterLine)
    #expect(try failure("--bound \rx") == .malformedDelimiterLine)
    #expect(try failure("--bound--x\r\n") == .malformedDelimiterLine)
    #expect(try failure("--bound-- x\r\n") == .malformedDelimiterLine)
  }

  @Test(
    "a header line that is none is refused",
    arguments: [
      ": form-data", "Content-Disposition form-data", "Content Disposition: form-data", "Content-<<<: x",
      "Content-Disposition\r: form-data", "X: a\rb", "X: a\u{0}b", "X: a\u{7f}b", " folded: first", "--bound--", "x",
      "\r", "\rX",
    ])
  func malformedHeaders(line: String) throws {
    let error = try failure("--bound\r\n\(line)\r\n\(Self.disposition)\r\nx\r\n--bound--\r\n")
    #expect(error?.code == "malformed-part-header")
  }

  @Test("a header of ours that is there twice is refused; others are ignored, twice too")
  func repeatedHeaders() throws {
    for line in [Self.disposition, "Content-Type: a/b\r\n", "Content-Length: 1\r\n"] {
      let error = try failure("--bound\r\n\(line)\(line)\r\nx\r\n--bound--\r\n")
      #expect(error?.code == "malformed-part-header")
    }
    #expect(try failure("--bound\r\nX: 1\r\nX: 2\r\n\(Self.disposition)\r\nx\r\n--bound--\r\n") == nil)
  }

  @Test("a part without a Content-Disposition is refused")
  func missingDisposition() throws {
    #expect(try failure("--bound\r\n\r\nx\r\n--bound--\r\n") == .missingContentDisposition)
    #expect(try failure("--bound\r\nContent-Type: a/b\r\n\r\nx\r\n--bound--\r\n") == .missingContentDisposition)
  }

  @Test("encodings that change the bytes are refused, identities are not")
  func transferEncodings() throws {
    func body(_ encoding: String) -> String {
      "--bound\r\n\(Self.disposition)Content-Transfer-Encoding: \(encoding)\r\n\r\nx\r\n--bound--\r\n"
    }
    #expect(try failure(body("base64")) == .unsupportedTransferEncoding("base64"))
    #expect(try failure(body("quoted-printable")) == .unsupportedTransferEncoding("quoted-printable"))
    for encoding in ["binary", "8bit", "7BIT"] { #expect(try failure(body(encoding)) == nil) }
  }

  @Test("every error has a code of its own and a message")
  func codes() {
    let errors: [MultipartError] = [
      .notMultipart, .malformedBoundary("it is empty"), .missingFirstBoundary, .missingFinalBoundary,
      .malformedDelimiterLine, .bareLineFeed, .malformedHeader("x"), .missingContentDisposition,
      .malformedContentDisposition("x"), .unsupportedTransferEncoding("x"), .headersTooLong(byteCountMax: 1),
      .tooManyHeaders(countMax: 1), .tooManyParts(countMax: 1), .nameTooLong(byteCountMax: 1),
      .fileNameTooLong(byteCountMax: 1), .preambleTooLong(byteCountMax: 1), .epilogueTooLong(byteCountMax: 1),
    ]
    #expect(Set(errors.map(\.code)).count == errors.count)
    #expect(Set(errors.map(\.description)).count == errors.count)
    #expect(errors.filter(\.isLimit).count == 7)
  }
}
