import EventLoop
import HTTP
import TestSupport
import Testing

@Suite("The multipart parser against a reference that has the whole body")
struct MultipartFuzzTests {
  static let boundary = "b-b"
  static let head = crlf("Content-Disposition: form-data; name=f\n\n")

  /// Pieces that the grammar is made of, and what nearly is: random strings of them reach every state.
  static let pieces: [[UInt8]] = [
    crlf("\n"), [0x0d], [0x0a], crlf("--"), crlf("-"), crlf("b-b"), crlf("b-"), crlf("\n--b-b"), crlf("\n--b-b\n"),
    crlf("\n--b-b--"), crlf(" "), crlf("\t"), crlf("x"), crlf("\n--b-b\n") + head, crlf("\n--b-b \n") + head,
  ]

  struct Outcome: Equatable {
    /// Of the parts that ended.
    var contents: [[UInt8]] = []
    var isWellFormed = false
  }

  /// Splits a body whose parts all have `head` by looking for whole delimiters, slowly and without any state.
  static func reference(_ body: [UInt8]) -> Outcome {
    // The first boundary needs no CRLF before it, so lend it one.
    let text = crlf("\n") + body
    var outcome = Outcome()
    var contentStart: Int?
    var searchStart = 0
    while let delimiterStart = firstDelimiter(in: text, from: searchStart) {
      var end = delimiterStart + 2 + 2 + boundary.utf8.count
      if text[end] == UInt8(ascii: "\n") { return outcome }
      // A part's blank line and the next delimiter may share a CRLF; then the content would end before it starts.
      if let contentStart { outcome.contents.append(Array(text[min(contentStart, delimiterStart)..<delimiterStart])) }
      let isClosing = text[end...].starts(with: crlf("--"))
      if isClosing { end += 2 }
      while end < text.count, text[end] == UInt8(ascii: " ") || text[end] == UInt8(ascii: "\t") { end += 1 }
      if isClosing {
        outcome.isWellFormed = end == text.count || text[end] == 0x0d || text[end] == 0x0a
        return outcome
      }
      guard text[end...].starts(with: crlf("\n") + head) else { return outcome }
      contentStart = end + 2 + head.count
      searchStart = end + head.count
    }
    return outcome
  }

  static func firstDelimiter(in text: [UInt8], from start: Int) -> Int? {
    let delimiter = crlf("\n--" + boundary)
    return (start..<text.count).first { index in
      text[index...].starts(with: delimiter)
        && ["--", "\n", " ", "\t"].contains { text[(index + delimiter.count)...].starts(with: crlf($0)) }
        || text[index...].starts(with: delimiter + [0x0a])
    }
  }

  @Test("random bodies in random pieces come out as the reference has them")
  func random() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("multipart fuzz seed: \(seed)")
    var generator = SplitMix64(seed: seed)
    var wellFormedCount = 0
    for round in 0..<4000 {
      let pieceCount = Int.random(in: 0...30, using: &generator)
      var body = Bool.random(using: &generator) ? crlf("--b-b\n") + Self.head : []
      for _ in 0..<pieceCount { body += Self.pieces.randomElement(using: &generator) ?? [] }
      if Int.random(in: 0..<4, using: &generator) > 0 { body += crlf("\n--b-b--\n") }
      let cutCount = Int.random(in: 0...8, using: &generator)
      let cuts = (0..<cutCount).map { _ in Int.random(in: 0...body.count, using: &generator) }.sorted()

      let expected = Self.reference(body)
      let parsed = try multipartOutcome(body, boundary: Self.boundary, cuts: cuts)
      let outcome = Outcome(
        contents: parsed.parts.filter(\.isComplete).map(\.content), isWellFormed: parsed.error == nil)
      guard outcome == expected else {
        Issue.record(
          "seed \(seed), round \(round), cuts \(cuts): \(String(decoding: body, as: UTF8.self).debugDescription)")
        return
      }
      wellFormedCount += expected.isWellFormed ? 1 : 0
    }
    // Enough of both kinds, or the comparison says nothing.
    #expect((400...3600).contains(wellFormedCount))
  }
}
