import HTTP
import Testing

@Suite("The multipart parser finds parts")
struct MultipartParserTests {
  static let twoParts = crlf(
    """
    --bound
    Content-Disposition: form-data; name="note"

    hello
    --bound
    Content-Disposition: form-data; name="image"; filename="cat.jpg"
    Content-Type: image/jpeg

    JPEG\r\r\n--boun\n\n--bound-X\n--bound\rQ
    --bound--

    """)

  @Test("a field and a file come out with their heads and bytes")
  func fieldAndFile() throws {
    let parts = try parseMultipart(Self.twoParts).parts
    #expect(
      parts == [
        .init(name: "note", content: Array("hello".utf8), isComplete: true),
        .init(
          name: "image", fileName: "cat.jpg", contentType: "image/jpeg",
          content: crlf("JPEG\r\r\n--boun\n\n--bound-X\n--bound\rQ"), isComplete: true),
      ])
  }

  @Test("a whole body in one span is passed on in as few pieces as there are")
  func fewPieces() throws {
    let content = [UInt8](repeating: 7, count: 100_000)
    let body =
      crlf("--bound\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\n\n") + content + crlf("\n--bound--\n")
    let recorder = try parseMultipart(body)
    #expect(recorder.parts.first?.content == content)
    #expect(recorder.pieceCount == 1)
  }

  @Test("a form without parts is no error here")
  func noParts() throws {
    #expect(try parseMultipart(crlf("--bound--\n")).parts.isEmpty)
    #expect(try parseMultipart(crlf("--bound--")).parts.isEmpty)
  }

  @Test(
    "the closing line may end in anything that ends a line, or nothing", arguments: ["", "\r", "\n", "\r\n", "\t\r"])
  func closingLine(end: String) throws {
    let body = crlf("--bound\nContent-Disposition: form-data; name=\"f\"\n\nx\n--bound--") + Array(end.utf8)
    #expect(try parseMultipart(body).parts.map(\.text) == ["x"])
  }

  @Test("an empty file has no pieces, with its blank line of its own or shared with the boundary")
  func emptyFile() throws {
    let head = "--bound\nContent-Disposition: form-data; name=\"f\"; filename=\"empty\"\n\n"
    for body in [head + "\n--bound--\n", head + "--bound--\n"] {
      let recorder = try parseMultipart(crlf(body))
      #expect(recorder.parts.map(\.content) == [[]])
      #expect(recorder.parts.map(\.isComplete) == [true])
      #expect(recorder.pieceCount == 0)
    }
  }

  @Test("blank lines at the start and end of content are content")
  func blankLinesInContent() throws {
    let body = crlf("--bound\nContent-Disposition: form-data; name=\"f\"\n\n\n\n--boun\n\n\n--bound--\n")
    #expect(try parseMultipart(body).parts.first?.content == crlf("\n\n--boun\n\n"))
  }

  @Test("a preamble and an epilogue are ignored, boundary-like lines in them too")
  func preambleAndEpilogue() throws {
    let body =
      crlf("This is MIME.\n--boundary-like\n --bound\n") + Self.twoParts + crlf("after\n--bound\nall\n--bound--\n")
    #expect(try parseMultipart(body).parts == parseMultipart(Self.twoParts).parts)
  }

  @Test("a boundary in the middle of a line is content")
  func boundaryWithinLine() throws {
    let body = crlf("--bound\nContent-Disposition: form-data; name=\"f\"\n\nx--bound\ny\n--bound--")
    #expect(try parseMultipart(body).parts.first?.content == crlf("x--bound\ny"))
  }

  @Test(
    "blanks after a boundary and after the closing one belong to the boundary",
    arguments: [" ", "\t", " \t \t ", String(repeating: " ", count: 64)])
  func transportPadding(padding: String) throws {
    let body = crlf(
      "--bound\(padding)\nContent-Disposition: form-data; name=\"f\"\n\nx\n--bound\(padding)\n"
        + "Content-Disposition: form-data; name=\"g\"\n\ny\n--bound--\(padding)\n")
    for cut in 0...body.count {
      let parts = try parseMultipart(body, cuts: [cut]).parts
      #expect(parts.map(\.text) == ["x", "y"])
    }
  }

  @Test("a file that consists of almost-delimiters comes out unharmed")
  func almostDelimiters() throws {
    let delimiter = crlf("\n--bound")
    var content: [UInt8] = []
    for count in 0..<delimiter.count { content += delimiter[..<count] + delimiter[..<count] }
    content += delimiter + Array("x".utf8) + delimiter + Array("-".utf8) + delimiter + Array("\r".utf8)
    content += delimiter + Array("-\r".utf8) + delimiter + Array("\r\r".utf8) + delimiter + Array("y".utf8)
    let body = crlf("--bound\nContent-Disposition: form-data; name=\"f\"\n\n") + content + crlf("\n--bound--\n")
    for cut in 0...body.count {
      #expect(try parseMultipart(body, cuts: [cut]).parts.first?.content == content, "cut at \(cut)")
    }
    #expect(try parseMultipart(body, cuts: Array(1..<body.count)).parts.first?.content == content)
  }

  @Test("the longest boundary there may be works, and one that begins with dashes")
  func otherBoundaries() throws {
    for boundary in [String(repeating: "b", count: 70), "--------", "a b'()+_,-./:=?c", "x"] {
      let body = crlf("--\(boundary)\nContent-Disposition: form-data; name=\"f\"\n\n-----\n--\n--\(boundary)--\n")
      for cut in 0...body.count {
        #expect(try parseMultipart(body, boundary: boundary, cuts: [cut]).parts.map(\.content) == [crlf("-----\n--")])
      }
    }
  }

  @Test("the length of a last part is predicted exactly when the form ends in CRLF")
  func prediction() throws {
    let boundary = try MultipartBoundary(Array("bound".utf8))
    let parser = MultipartParser(boundary: boundary)
    #expect(parser.closingDelimiterByteCount == crlf("\n--bound--\n").count)
    let recorder = try parseMultipart(Self.twoParts)
    let head = try #require(recorder.heads.last)
    #expect(
      parser.predictedByteCount(of: head, contentLength: Self.twoParts.count) == recorder.parts.last?.content.count)
    #expect(parser.predictedByteCount(of: head, contentLength: head.bodyOffset) == nil)
  }

  @Test("a body offset does not depend on the cuts")
  func bodyOffsets() throws {
    let whole = try parseMultipart(Self.twoParts).heads.map(\.bodyOffset)
    for cut in 0...Self.twoParts.count {
      #expect(try parseMultipart(Self.twoParts, cuts: [cut]).heads.map(\.bodyOffset) == whole)
    }
  }

  @Test("a visitor that refuses stops the parse at once")
  func refusal() throws {
    struct Refusing: MultipartVisitor {
      var calls: [String] = []
      mutating func partBegan(_ head: MultipartPartHead) -> Bool {
        calls.append(head.name)
        return true
      }
      mutating func partReceived(_ bytes: Span<UInt8>) -> Bool {
        calls.append("bytes")
        return false
      }
      mutating func partEnded() -> Bool {
        calls.append("end")
        return true
      }
    }
    var parser = MultipartParser(boundary: try MultipartBoundary(Array("bound".utf8)))
    var visitor = Refusing()
    #expect(throws: MultipartFailure.refused) {
      try parser.consume(Self.twoParts.span, visitor: &visitor)
    }
    #expect(visitor.calls == ["note", "bytes"])
  }

  @Test("an object that is bound to an actor can be the visitor")
  @MainActor func isolatedVisitor() throws {
    final class Counter: @MainActor MultipartVisitor {
      var byteCount = 0
      func partBegan(_ head: MultipartPartHead) -> Bool { true }
      func partReceived(_ bytes: Span<UInt8>) -> Bool {
        byteCount += bytes.count
        return true
      }
      func partEnded() -> Bool { true }
    }
    var parser = MultipartParser(boundary: try MultipartBoundary(Array("bound".utf8)))
    var counter = Counter()
    try parser.consume(Self.twoParts.span, visitor: &counter)
    #expect(counter.byteCount == (try parseMultipart(Self.twoParts).parts.reduce(0) { $0 + $1.content.count }))
  }
}
