import HTTP

/// Keeps what a parser reports, and checks that it reports it in the right order.
struct MultipartRecorder: MultipartVisitor {
  struct Part: Equatable {
    var name: String
    var fileName: String?
    var contentType: String?
    var content: [UInt8]
    var isComplete: Bool

    var text: String { String(decoding: content, as: UTF8.self) }
  }

  var heads: [MultipartPartHead] = []
  var parts: [Part] = []
  var pieceCount = 0
  /// What was done out of order; empty when all is well.
  var disorder: [String] = []

  mutating func partBegan(_ head: MultipartPartHead) -> Bool {
    if parts.last?.isComplete == false { disorder.append("a part began within a part") }
    heads.append(head)
    parts.append(
      Part(
        name: head.name, fileName: head.fileName, contentType: head.contentType, content: [], isComplete: false))
    return true
  }

  mutating func partReceived(_ bytes: Span<UInt8>) -> Bool {
    guard let last = parts.last, !last.isComplete else {
      disorder.append("content outside of a part")
      return true
    }
    if bytes.isEmpty { disorder.append("an empty piece") }
    pieceCount += 1
    for index in bytes.indices { parts[parts.count - 1].content.append(bytes[index]) }
    return true
  }

  mutating func partEnded() -> Bool {
    guard let last = parts.last, !last.isComplete else {
      disorder.append("an end without a part")
      return true
    }
    parts[parts.count - 1].isComplete = true
    return true
  }
}

/// What a parse of a whole body came to.
struct MultipartOutcome: Equatable {
  var parts: [MultipartRecorder.Part]
  var error: MultipartError?
}

/// Feeds a body in pieces cut at `cuts` (ascending) and finishes it.
func parseMultipart(
  _ body: [UInt8], boundary: String = "bound", cuts: [Int] = [], limits: MultipartLimits = MultipartLimits()
) throws -> MultipartRecorder {
  var parser = MultipartParser(boundary: try MultipartBoundary(Array(boundary.utf8)), limits: limits)
  var recorder = MultipartRecorder()
  try feed(body, cuts: cuts, to: &parser, &recorder)
  return recorder
}

func multipartOutcome(
  _ body: [UInt8], boundary: String = "bound", cuts: [Int] = [], limits: MultipartLimits = MultipartLimits()
) throws -> MultipartOutcome {
  var parser = MultipartParser(boundary: try MultipartBoundary(Array(boundary.utf8)), limits: limits)
  var recorder = MultipartRecorder()
  do throws(MultipartError) {
    try feed(body, cuts: cuts, to: &parser, &recorder)
    precondition(recorder.disorder.isEmpty, "\(recorder.disorder)")
    return MultipartOutcome(parts: recorder.parts, error: nil)
  } catch {
    precondition(recorder.disorder.isEmpty, "\(recorder.disorder)")
    return MultipartOutcome(parts: recorder.parts, error: error)
  }
}

private func feed(
  _ body: [UInt8], cuts: [Int], to parser: inout MultipartParser, _ recorder: inout MultipartRecorder
) throws(MultipartError) {
  var start = 0
  for end in cuts + [body.count] {
    do throws(MultipartFailure) {
      try parser.consume(body.span.extracting(start..<end), visitor: &recorder)
    } catch {
      guard case .malformed(let error) = error else { preconditionFailure("the recorder refuses nothing") }
      throw error
    }
    start = end
  }
  precondition(parser.consumedByteCount == body.count)
  try parser.finish()
}

/// A body in CRLF from lines that Swift keeps in LF.
func crlf(_ text: String) -> [UInt8] {
  text.utf8.flatMap { $0 == UInt8(ascii: "\n") ? Array("\r\n".utf8) : [$0] }
}
