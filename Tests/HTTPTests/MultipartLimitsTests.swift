import HTTP
import Testing

/// Every limit is met exactly once, which passes, and once by one more, which does not.
@Suite("The multipart parser's limits")
struct MultipartLimitsTests {
  func body(headers: String = "", name: String = "f", parameters: String = "") -> String {
    "--bound\r\n\(headers)Content-Disposition: form-data; name=\"\(name)\"\(parameters)\r\n\r\nx\r\n--bound--\r\n"
  }

  func error(_ body: String, _ change: (inout MultipartLimits) -> Void) throws -> MultipartError? {
    var limits = MultipartLimits()
    change(&limits)
    let bytes = Array(body.utf8)
    let whole = try multipartOutcome(bytes, limits: limits).error
    #expect(try multipartOutcome(bytes, cuts: Array(1..<bytes.count), limits: limits).error == whole)
    return whole
  }

  @Test("the bytes of a part's header lines")
  func headerBytes() throws {
    let count = "Content-Disposition: form-data; name=\"f\"\r\n".utf8.count
    #expect(try error(body()) { $0.headerByteCountMax = count } == nil)
    #expect(
      try error(body()) { $0.headerByteCountMax = count - 1 } == .headersTooLong(byteCountMax: count - 1))
    let endless = "--bound\r\n" + String(repeating: "x", count: 10_000)
    #expect(try error(endless) { _ in } == .headersTooLong(byteCountMax: 8192))
  }

  @Test("the number of a part's header lines; continued lines count as one")
  func headerCount() throws {
    let headers = String(repeating: "X: y\r\n  z\r\n", count: 15)
    #expect(try error(body(headers: headers)) { _ in } == nil)
    #expect(try error(body(headers: headers + "X: y\r\n")) { _ in } == .tooManyHeaders(countMax: 16))
    #expect(try error(body()) { $0.headerCountMax = 0 } == .tooManyHeaders(countMax: 0))
  }

  @Test("the number of parts")
  func partCount() throws {
    let part = "--bound\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nx\r\n"
    let most = String(repeating: part, count: 128)
    #expect(try error(most + "--bound--\r\n") { _ in } == nil)
    #expect(try error(most + part + "--bound--\r\n") { _ in } == .tooManyParts(countMax: 128))
  }

  @Test("a field's name, measured when it is decoded")
  func name() throws {
    #expect(try error(body(name: String(repeating: "n", count: 256))) { _ in } == nil)
    #expect(try error(body(name: String(repeating: "%22", count: 256))) { _ in } == nil)
    #expect(try error(body(name: String(repeating: "n", count: 257))) { _ in } == .nameTooLong(byteCountMax: 256))
  }

  @Test("a file's name, by either parameter")
  func fileName() throws {
    let most = String(repeating: "n", count: 1024)
    for parameter in ["; filename=", "; filename*=utf-8''"] {
      #expect(try error(body(parameters: parameter + most)) { _ in } == nil)
      #expect(
        try error(body(parameters: parameter + most + "n")) { _ in } == .fileNameTooLong(byteCountMax: 1024))
    }
  }

  @Test("the preamble, boundary-like lines and all")
  func preamble() throws {
    let line = String(repeating: "p", count: 1012) + "\r\n--boundX\r\n"
    #expect(line.utf8.count == 1024)
    // The last CRLF belongs to the boundary.
    #expect(try error("pp" + line + body()) { _ in } == nil)
    #expect(try error("ppp" + line + body()) { _ in } == .preambleTooLong(byteCountMax: 1024))
  }

  @Test("the epilogue")
  func epilogue() throws {
    // The closing line's CR is the line's, its LF counts.
    let most = String(repeating: "e", count: 1023)
    #expect(try error(body() + most) { _ in } == nil)
    #expect(try error(body() + most + "e") { _ in } == .epilogueTooLong(byteCountMax: 1024))
  }

  @Test("the blanks after a boundary, and after the closing one")
  func padding() throws {
    let most = String(repeating: " ", count: 64)
    for boundary in ["--bound", "--bound--"] {
      #expect(try error(boundary + most + "\r\n") { _ in } == (boundary == "--bound" ? .missingFinalBoundary : nil))
      #expect(try error(boundary + most + " \r\n") { _ in } == .malformedDelimiterLine)
    }
  }
}
