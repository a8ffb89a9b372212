/// What the header fields say about where a request ends and whom it is for; refuses what two parsers could read in two
/// ways, which is what request smuggling is made of (RFC 9112 §11.2).
struct FramingFields {
  private(set) var host: Range<Int>?
  private(set) var contentLength: Int?
  private(set) var isChunked = false
  private(set) var hasExpectContinue = false

  init(_ headers: HTTPHeaders) throws(Problem) {
    for field in headers.fields {
      // Every name is a token (RFC 9110 §5.1); llhttp has checked the characters but takes an empty name.
      guard field.nameCount > 0 else { throw .malformedHead("A header field has no name.") }
      switch field.nameCount {
      case 4 where headers.isNamed(field, "host"): try takeHost(field, headers)
      case 6 where headers.isNamed(field, "expect"): try takeExpectation(field, headers)
      case 14 where headers.isNamed(field, "content-length"): try takeContentLength(field, headers)
      case 17 where headers.isNamed(field, "transfer-encoding"): try takeTransferEncoding(field, headers)
      default: break
      }
    }
    // RFC 9112 §6.1 allows to reject both together, and §11.2 says what happens where one does not.
    if isChunked, contentLength != nil {
      throw .malformedHead("Content-Length and Transfer-Encoding stand together.")
    }
  }

  private mutating func takeHost(_ field: HTTPHeaders.Field, _ headers: HTTPHeaders) throws(Problem) {
    // RFC 9112 §3.2: more than one, or an invalid one, is answered by 400.
    guard host == nil else { throw .malformedHead("There is more than one Host field.") }
    guard field.valueCount == 0 || RequestTarget.isAuthority(headers.bytes.span.extracting(field.value)) else {
      throw .malformedHead("The Host field is not valid.")
    }
    host = field.value
  }

  private mutating func takeExpectation(_ field: HTTPHeaders.Field, _ headers: HTTPHeaders) throws(Problem) {
    // RFC 9110 §10.1.1: any other expectation may be refused.
    guard ASCII.equalsIgnoringCase(headers.string(field.value), "100-continue") else {
      throw Problem(.expectationFailed, code: "expectation-failed", detail: "The expectation is not known.")
    }
    hasExpectContinue = true
  }

  private mutating func takeContentLength(_ field: HTTPHeaders.Field, _ headers: HTTPHeaders) throws(Problem) {
    // RFC 9112 §6.3: repeated values may be collapsed or rejected. Rejected: nobody repeats it in good faith.
    guard contentLength == nil else { throw .malformedHead("There is more than one Content-Length.") }
    let digits = headers.bytes[field.value]
    // RFC 9110 §8.6: 1*DIGIT; no sign, no list.
    guard !digits.isEmpty, digits.allSatisfy(ASCII.isDigit), let value = Int(headers.string(field.value)) else {
      throw .malformedHead("The Content-Length is not a number.")
    }
    contentLength = value
  }

  private mutating func takeTransferEncoding(_ field: HTTPHeaders.Field, _ headers: HTTPHeaders) throws(Problem) {
    guard !isChunked else { throw .malformedHead("There is more than one Transfer-Encoding.") }
    let codings = headers.string(field.value).split(separator: ",", omittingEmptySubsequences: false)
      .map { $0.trimmingBlanks() }
    // RFC 9112 §6.3: without chunked as the last coding, and there once (§6.1), the body has no certain end.
    guard let last = codings.last, ASCII.equalsIgnoringCase(last, "chunked"),
      !codings.dropLast().contains(where: { $0.isEmpty || ASCII.equalsIgnoringCase($0, "chunked") })
    else { throw .malformedHead("The Transfer-Encoding does not end in chunked.") }
    // RFC 9112 §6.1: a coding that is not understood.
    guard codings.count == 1 else {
      throw Problem(
        .notImplemented, code: "coding-not-implemented", detail: "No transfer coding but chunked is implemented.")
    }
    isChunked = true
  }
}

extension Substring {
  /// Without the optional white space (RFC 9110 §5.6.3) at both ends.
  func trimmingBlanks() -> Substring {
    guard let first = utf8.firstIndex(where: { !ASCII.isBlank($0) }),
      let last = utf8.lastIndex(where: { !ASCII.isBlank($0) })
    else { return self[startIndex..<startIndex] }
    return self[first...last]
  }
}
