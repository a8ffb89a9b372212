/// Finds the end of a request's head in raw bytes, however they are cut, and refuses what would let another parser see
/// other lines than we do. llhttp reads the head afterwards, in one piece.
///
/// llhttp 8 accepts obsolete line folding, and bounds nothing; this is where both are settled.
struct HeadScanner {
  private let headByteCountMax: Int
  private let requestLineByteCountMax: Int
  private let headerCountMax: Int

  private var byteCount = 0
  private var lineCount = 0
  private var lineByteCount = 0
  private var isAfterCR = false
  private(set) var isComplete = false

  init(_ limits: HTTPLimits) {
    headByteCountMax = limits.headByteCountMax
    requestLineByteCountMax = limits.requestLineByteCountMax
    headerCountMax = limits.headerCountMax
  }

  /// Whether a request has begun: empty lines before it do not count (RFC 9112 §2.2).
  var hasBegun: Bool { lineCount > 0 || lineByteCount > 0 }

  /// Takes the next bytes.
  /// - Returns: How many of them belong to the head: all, unless `isComplete`.
  mutating func scan(_ bytes: Span<UInt8>) throws(Problem) -> Int {
    let end = min(bytes.count, headByteCountMax - byteCount)
    var index = 0
    while index < end, !isComplete {
      let byte = bytes[index]
      index += 1
      if byte == ASCII.lf {
        try endLine()
        continue
      }
      // A bare CR may be a line's end to one recipient and a blank to another (RFC 9112 §2.2).
      if isAfterCR { throw .malformedHead("A carriage return stands alone.") }
      if byte == ASCII.cr {
        isAfterCR = true
        continue
      }
      if byte <= ASCII.space || byte == ASCII.delete { try checkBlank(byte) }
      lineByteCount += 1
    }
    byteCount += index
    if !isComplete { try checkSize() }
    return index
  }

  private mutating func endLine() throws(Problem) {
    // RFC 9112 §2.2 lets a recipient take a bare LF for a line's end; proxies that do and servers that do not disagree.
    guard isAfterCR else { throw .malformedHead("A line feed stands alone.") }
    isAfterCR = false
    if lineByteCount == 0 {
      isComplete = lineCount > 0
      return
    }
    if lineCount == 0, lineByteCount > requestLineByteCountMax { throw .requestLineTooLong }
    lineCount += 1
    lineByteCount = 0
    // The request line is not a field.
    if lineCount - 1 > headerCountMax { throw .headTooLarge("There are more than \(headerCountMax) header fields.") }
  }

  private func checkBlank(_ byte: UInt8) throws(Problem) {
    guard ASCII.isBlank(byte) else { throw .malformedHead("There is a control character.") }
    // obs-fold (RFC 9112 §5.2), or white space before the first field (§2.2).
    if lineByteCount == 0 { throw .malformedHead("A line begins with white space.") }
  }

  private func checkSize() throws(Problem) {
    if lineCount == 0, lineByteCount > requestLineByteCountMax { throw .requestLineTooLong }
    if byteCount >= headByteCountMax { throw .headTooLarge("The head is longer than \(headByteCountMax) bytes.") }
  }
}

extension Problem {
  static func malformedHead(_ detail: String) -> Problem {
    Problem(.badRequest, code: "malformed-request", detail: detail)
  }

  static var requestLineTooLong: Problem {
    Problem(.uriTooLong, code: "uri-too-long", detail: "The request line is too long.")
  }

  static func headTooLarge(_ detail: String) -> Problem {
    Problem(.requestHeaderFieldsTooLarge, code: "head-too-large", detail: detail)
  }
}
