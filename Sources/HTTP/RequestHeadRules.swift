/// The decisions about a head that llhttp leaves open, each with its section. Pure: bytes and fields in, a checked head
/// or the problem out.
enum RequestHeadRules {
  /// Checks the version at the end of the request line, before llhttp reads it: llhttp takes HTTP/0.9 and 2.0, RTSP and
  /// ICE for good.
  static func checkVersion(_ head: Span<UInt8>) throws(Problem) {
    let line = requestLine(head)
    let version = head.extracting(max(line.lowerBound, line.upperBound - 8)..<line.upperBound)
    let form: StaticString = "HTTP/"
    var isHTTP = version.count == 8 && line.count > 8
    for index in 0..<5 where isHTTP && version[index] != form.utf8Start[index] { isHTTP = false }
    // RFC 9112 §2.3: HTTP-version = HTTP-name "/" DIGIT "." DIGIT, and the name is case-sensitive.
    guard isHTTP, ASCII.isDigit(version[5]), version[6] == 0x2E, ASCII.isDigit(version[7]) else {
      throw .malformedHead("The request line does not end in an HTTP version.")
    }
    // RFC 9110 §15.6.6. A minor version above 1 does not exist; nobody says it in good faith.
    guard version[5] == 0x31, version[7] <= 0x31 else {
      throw Problem(.httpVersionNotSupported, code: "version-not-supported", detail: "This is an HTTP/1.1 server.")
    }
  }

  /// What a method unknown to llhttp means: not implemented if it could be one (RFC 9110 §9.1), else malformed.
  static func unknownMethod(_ head: Span<UInt8>) -> Problem {
    let line = requestLine(head)
    var index = line.lowerBound
    while index < line.upperBound, ASCII.isToken(head[index]) { index += 1 }
    guard index > line.lowerBound, index < line.upperBound, head[index] == ASCII.space else {
      return .malformedHead("The method is not a token.")
    }
    return Problem(.notImplemented, code: "method-not-implemented", detail: "The method is not known.")
  }

  /// Judges a head that llhttp has read.
  /// - Parameter target: Where the request target is in the head's bytes.
  static func check(
    method: HTTPMethod, target: Range<Int>, headers: HTTPHeaders, minorVersion: Int, keepAlive: Bool
  ) throws(Problem) -> HTTPRequestHead {
    let line = requestLine(headers.bytes.span)
    // RFC 9112 §3: single spaces. llhttp skips more, others may take them for part of the target.
    guard target.lowerBound == line.lowerBound + method.rawValue.utf8.count + 1,
      line.upperBound == target.upperBound + 1 + 8
    else { throw .malformedHead("The parts of the request line are not separated by single spaces.") }
    // CONNECT asks for a tunnel (RFC 9110 §9.3.6), which this server never is.
    if method == .connect {
      throw Problem(.notImplemented, code: "method-not-implemented", detail: "This server is no proxy.")
    }
    let fields = try FramingFields(headers)
    // RFC 9112 §6.1: a 1.0 message with Transfer-Encoding has faulty framing, whatever it says.
    if fields.isChunked, minorVersion == 0 { throw .malformedHead("HTTP/1.0 has no Transfer-Encoding.") }
    // RFC 9112 §3.2: a 1.1 request has one Host. Two are refused in `FramingFields`, of any version.
    if fields.host == nil, minorVersion > 0 { throw .malformedHead("The Host field is missing.") }
    let parts = try RequestTarget(headers.bytes, target, method: method)
    return HTTPRequestHead(
      method: method, target: parts.target, path: parts.path, query: parts.query, headers: headers,
      authority: parts.authority ?? fields.host.map(headers.string) ?? "",
      contentLength: fields.contentLength, isChunked: fields.isChunked, keepAlive: keepAlive,
      // RFC 9110 §10.1.1: a 1.0 client's expectation is ignored; so is one without a body to wait for.
      hasExpectContinue: fields.hasExpectContinue && minorVersion > 0
        && (fields.isChunked || (fields.contentLength ?? 0) > 0),
      minorVersion: minorVersion)
  }

  /// The first line that is not empty, without its CRLF.
  private static func requestLine(_ head: Span<UInt8>) -> Range<Int> {
    var start = 0
    while start < head.count, head[start] == ASCII.cr || head[start] == ASCII.lf { start += 1 }
    var end = start
    while end < head.count, head[end] != ASCII.cr { end += 1 }
    return start..<end
  }
}
