/// A streaming multipart/form-data parser (RFC 7578 over RFC 2046): a value that is fed spans and calls a visitor.
///
/// It promises: bytes of a part reach the visitor as slices of the input, without a copy and without an allocation;
/// nothing but the header lines of one part is ever kept; every bound is in ``MultipartLimits``; the work is linear in
/// the input however it is cut. It does not read sockets, collect files, or decode transfer encodings.
///
/// A delimiter is the whole line `CRLF "--" boundary`, blanks, `CRLF`. RFC 2046 5.1.1 forbids the sender to start a
/// line of content with the boundary and lets a reader stop at the prefix; like most readers this one asks for what
/// follows it, because a boundary that only begins a longer line costs a client bytes of its image otherwise.
package struct MultipartParser: Sendable {
  /// Where in the message the parser is.
  private enum State: Equatable {
    /// Content (or the preamble). The first `matched` bytes of the delimiter were seen at its end, and are held back.
    case content(matched: Int)
    /// The delimiter was seen; what follows decides whether it is one.
    case afterBoundary, afterBoundaryDash, afterBoundaryCarriageReturn
    /// Blanks after the boundary, which RFC 2046 calls transport padding.
    case padding(Int)
    case paddingCarriageReturn
    case headers(HeaderPosition)
    /// Blanks after the closing delimiter.
    case closePadding(Int)
    case epilogue(Int)
    case failed

    /// Whether no boundary has been made out since the content or the preamble began.
    var isContent: Bool {
      switch self {
      case .content, .afterBoundary, .afterBoundaryDash, .afterBoundaryCarriageReturn: true
      default: false
      }
    }
  }

  /// Where in a part's header lines the parser is.
  private enum HeaderPosition: Equatable {
    case lineStart, line, lineCarriageReturn, blankLineCarriageReturn
  }

  private let delimiter: MultipartDelimiter
  private let limits: MultipartLimits
  private var state: State
  /// How many of the delimiter's first bytes are not the content's should the match fail: at the start of the message
  /// and of a part's content, the CRLF before it belongs to somebody else.
  private var unownedByteCount = 2
  private var isInsidePart = false
  private var preambleByteCount = 0
  /// The header lines of the part that is being read; its storage is reused for every part.
  private var headerBytes: [UInt8] = []
  private var headerCount = 0

  /// Bytes fed so far, from the start of the body. Inside a visitor's call see ``MultipartPartHead/bodyOffset``.
  package private(set) var consumedByteCount = 0
  /// Parts begun so far.
  package private(set) var partCount = 0

  package init(boundary: MultipartBoundary, limits: MultipartLimits = MultipartLimits()) {
    self.delimiter = MultipartDelimiter(boundary: boundary)
    self.limits = limits
    // The first boundary needs no CRLF before it when it starts the message.
    self.state = .content(matched: 2)
  }

  /// The length of `CRLF "--" boundary "--" CRLF`: how curl, requests and browsers end a form.
  package var closingDelimiterByteCount: Int { delimiter.bytes.count + 4 }

  /// The length of the part with this head, in bytes, if it is the form's last and the form ends as most clients end
  /// it. A prediction: fields or files after it, or a missing last CRLF, make it wrong.
  /// - Parameter contentLength: of the whole body.
  /// - Returns: nil when the body is too short to hold such a part.
  package func predictedByteCount(of head: MultipartPartHead, contentLength: Int) -> Int? {
    let predicted = contentLength - head.bodyOffset - closingDelimiterByteCount
    return predicted >= 0 ? predicted : nil
  }

  /// Takes the next bytes of the body.
  ///
  /// After it has thrown, neither it nor ``finish()`` may be called again.
  package mutating func consume<Visitor: MultipartVisitor>(
    _ bytes: Span<UInt8>, visitor: inout Visitor
  ) throws(MultipartFailure) {
    precondition(state != .failed, "a multipart parser was fed after it had failed")
    do throws(MultipartFailure) {
      var offset = 0
      while offset < bytes.count {
        switch state {
        case .content(matched: 0):
          offset = try scanContent(bytes, from: offset, &visitor)
        case .content(let matched):
          offset = try continueMatch(bytes, from: offset, matched: matched, &visitor)
        case .headers(let position):
          offset = try scanHeaders(bytes, from: offset, position: position, &visitor)
        case .epilogue(let count):
          let discarded = count + bytes.count - offset
          guard discarded <= limits.epilogueByteCountMax else {
            throw .malformed(.epilogueTooLong(byteCountMax: limits.epilogueByteCountMax))
          }
          state = .epilogue(discarded)
          offset = bytes.count
        default:
          offset += try finishLine(bytes[offset], &visitor) ? 1 : 0
        }
      }
      consumedByteCount += bytes.count
    } catch {
      state = .failed
      throw error
    }
  }

  /// The body has ended.
  /// - Throws: when it ended before the closing delimiter; its last part is incomplete then.
  package mutating func finish() throws(MultipartError) {
    switch state {
    case .closePadding, .epilogue:
      return
    case .failed:
      preconditionFailure("a multipart parser was finished after it had failed")
    default:
      let isBeforeFirstBoundary = !isInsidePart && partCount == 0 && state.isContent
      state = .failed
      throw isBeforeFirstBoundary ? .missingFirstBoundary : .missingFinalBoundary
    }
  }
}

// MARK: - Content and delimiters

extension MultipartParser {
  private mutating func scanContent<Visitor: MultipartVisitor>(
    _ bytes: Span<UInt8>, from offset: Int, _ visitor: inout Visitor
  ) throws(MultipartFailure) -> Int {
    let candidate = delimiter.firstCandidate(in: bytes, from: offset)
    if candidate.start > offset {
      try emit(bytes.extracting(offset..<candidate.start), &visitor)
    }
    unownedByteCount = 0
    state = candidate.matched == delimiter.bytes.count ? .afterBoundary : .content(matched: candidate.matched)
    return candidate.start + candidate.matched
  }

  private mutating func continueMatch<Visitor: MultipartVisitor>(
    _ bytes: Span<UInt8>, from offset: Int, matched: Int, _ visitor: inout Visitor
  ) throws(MultipartFailure) -> Int {
    var offset = offset
    var matched = matched
    while offset < bytes.count, matched < delimiter.bytes.count, bytes[offset] == delimiter.bytes[matched] {
      offset += 1
      matched += 1
    }
    if matched == delimiter.bytes.count {
      state = .afterBoundary
    } else if offset == bytes.count {
      state = .content(matched: matched)
    } else {
      try emitHeld(matched, &visitor)
    }
    return offset
  }

  /// Handles one byte between a boundary and the end of its line.
  /// - Returns: whether the byte was used up; if not, it is to be looked at again in the new state.
  private mutating func finishLine<Visitor: MultipartVisitor>(
    _ byte: UInt8, _ visitor: inout Visitor
  ) throws(MultipartFailure) -> Bool {
    let paddingMax = limits.delimiterPaddingByteCountMax
    switch (state, byte) {
    case (.afterBoundary, .dash):
      state = .afterBoundaryDash
    case (.afterBoundary, .carriageReturn):
      state = .afterBoundaryCarriageReturn
    case (.afterBoundary, .space), (.afterBoundary, .tab):
      try endPart(&visitor)
      state = .padding(1)
    case (.afterBoundary, .lineFeed), (.padding, .lineFeed):
      throw .malformed(.bareLineFeed)
    case (.afterBoundary, _):
      try emitHeld(delimiter.bytes.count, &visitor)
      return false

    case (.afterBoundaryDash, .dash):
      try endPart(&visitor)
      state = .closePadding(0)
    case (.afterBoundaryDash, _):
      try emitHeld(delimiter.bytes.count, &visitor)
      try emitByte(.dash, &visitor)
      return false

    case (.afterBoundaryCarriageReturn, .lineFeed), (.paddingCarriageReturn, .lineFeed):
      try endPart(&visitor)
      guard partCount < limits.partCountMax else {
        throw .malformed(.tooManyParts(countMax: limits.partCountMax))
      }
      beginHeaders()
    case (.afterBoundaryCarriageReturn, _):
      // The CR may be the first byte of the true delimiter.
      try emitHeld(delimiter.bytes.count, &visitor)
      state = .content(matched: 1)
      return false

    case (.padding(let count), .space) where count < paddingMax,
      (.padding(let count), .tab) where count < paddingMax:
      state = .padding(count + 1)
    case (.padding, .carriageReturn):
      state = .paddingCarriageReturn

    case (.closePadding(let count), .space) where count < paddingMax,
      (.closePadding(let count), .tab) where count < paddingMax:
      state = .closePadding(count + 1)
    case (.closePadding, .carriageReturn), (.closePadding, .lineFeed):
      // Whatever follows the closing line is to be ignored (RFC 2046 5.1.1), its exact line ending too.
      state = .epilogue(0)

    default:
      throw .malformed(.malformedDelimiterLine)
    }
    return true
  }

  /// The held bytes of a delimiter turned out to be content.
  private mutating func emitHeld<Visitor: MultipartVisitor>(
    _ matched: Int, _ visitor: inout Visitor
  ) throws(MultipartFailure) {
    let first = min(unownedByteCount, matched)
    unownedByteCount = 0
    state = .content(matched: 0)
    guard first < matched else { return }
    let held = delimiter.bytes
    try emit(held.span.extracting(first..<matched), &visitor)
  }

  private mutating func emitByte<Visitor: MultipartVisitor>(
    _ byte: UInt8, _ visitor: inout Visitor
  ) throws(MultipartFailure) {
    let one: InlineArray<1, UInt8> = [byte]
    try emit(one.span, &visitor)
  }

  private mutating func emit<Visitor: MultipartVisitor>(
    _ bytes: Span<UInt8>, _ visitor: inout Visitor
  ) throws(MultipartFailure) {
    if isInsidePart {
      guard visitor.partReceived(bytes) else { throw .refused }
    } else {
      preambleByteCount += bytes.count
      guard preambleByteCount <= limits.preambleByteCountMax else {
        throw .malformed(.preambleTooLong(byteCountMax: limits.preambleByteCountMax))
      }
    }
  }

  private mutating func endPart<Visitor: MultipartVisitor>(
    _ visitor: inout Visitor
  ) throws(MultipartFailure) {
    guard isInsidePart else { return }
    isInsidePart = false
    guard visitor.partEnded() else { throw .refused }
  }
}

// MARK: - Header lines

extension MultipartParser {
  private mutating func beginHeaders() {
    partCount += 1
    headerBytes.removeAll(keepingCapacity: true)
    headerBytes.reserveCapacity(256)
    headerCount = 0
    state = .headers(.lineStart)
  }

  /// Collects header lines up to and with the blank one, then begins the part.
  private mutating func scanHeaders<Visitor: MultipartVisitor>(
    _ bytes: Span<UInt8>, from start: Int, position: HeaderPosition, _ visitor: inout Visitor
  ) throws(MultipartFailure) -> Int {
    var position = position
    var offset = start
    while offset < bytes.count {
      let byte = bytes[offset]
      var takenByteCount = 1
      switch (position, byte) {
      case (.lineStart, .carriageReturn):
        position = .blankLineCarriageReturn
        offset += 1
        continue
      case (.blankLineCarriageReturn, .lineFeed):
        try beginPart(at: consumedByteCount + offset + 1, &visitor)
        return offset + 1
      case (.blankLineCarriageReturn, _):
        throw .malformed(.malformedHeader("a carriage return without a line feed"))
      case (.line, .carriageReturn):
        position = .lineCarriageReturn
      case (.lineCarriageReturn, .lineFeed):
        position = .lineStart
      case (.lineCarriageReturn, _):
        throw .malformed(.malformedHeader("a carriage return without a line feed"))
      case (_, .lineFeed):
        throw .malformed(.bareLineFeed)
      case (_, let byte) where byte.isControl:
        throw .malformed(.malformedHeader("a control character"))
      default:
        // A line that begins with a blank continues the one before it (RFC 5322 2.2.3).
        if position == .lineStart, byte != .space, byte != .tab {
          guard headerCount < limits.headerCountMax else {
            throw .malformed(.tooManyHeaders(countMax: limits.headerCountMax))
          }
          headerCount += 1
        }
        position = .line
        while offset + takenByteCount < bytes.count, !bytes[offset + takenByteCount].isControl { takenByteCount += 1 }
      }
      guard headerBytes.count + takenByteCount <= limits.headerByteCountMax else {
        throw .malformed(.headersTooLong(byteCountMax: limits.headerByteCountMax))
      }
      bytes.extracting(offset..<offset + takenByteCount)
        .withUnsafeBufferPointer { headerBytes.append(contentsOf: $0) }
      offset += takenByteCount
    }
    state = .headers(position)
    return bytes.count
  }

  private mutating func beginPart<Visitor: MultipartVisitor>(
    at bodyOffset: Int, _ visitor: inout Visitor
  ) throws(MultipartFailure) {
    let head: MultipartPartHead
    do { head = try MultipartPartHead(parsing: headerBytes, bodyOffset: bodyOffset, limits: limits) } catch {
      throw .malformed(error)
    }
    guard visitor.partBegan(head) else { throw .refused }
    isInsidePart = true
    // A part without content may have its blank line's CRLF double as the delimiter's (RFC 2046 5.1.1: the CRLF
    // before the content is optional in `body-part`).
    unownedByteCount = 2
    state = .content(matched: 2)
  }
}
