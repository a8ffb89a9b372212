import EventLoop
import TestSupport
import Testing

@testable import AWS

@Suite("Responses")
struct ResponseParserTests {
  /// What a delegate was told.
  @LoopActor private final class Recorder: ResponseParserDelegate {
    var statuses: [Int] = []
    var headers = ResponseHeaders()
    /// Of each head.
    var contentLengths: [Int?] = []
    var body: [UInt8] = []
    var stopsAtHead = false
    var stopsAtBody = false

    func parser(_ parser: ResponseParser, didParseHead status: Int, _ headers: ResponseHeaders) -> Bool {
      statuses.append(status)
      self.headers = headers
      contentLengths.append(parser.contentLength)
      return !stopsAtHead
    }

    func parser(_ parser: ResponseParser, didParseBody bytes: Span<UInt8>) -> Bool {
      bytes.withUnsafeBufferPointer { body += $0 }
      return !stopsAtBody
    }
  }

  /// Feeds a response in pieces of this size.
  @LoopActor private static func parse(
    _ text: String, inPiecesOf byteCount: Int, isHead: Bool = false, headerByteCountMax: Int = 1000,
    for recorder: Recorder
  ) -> (progress: ResponseParser.Progress, parser: ResponseParser) {
    let parser = ResponseParser(headerByteCountMax: headerByteCountMax)
    parser.delegate = recorder
    parser.begin(isHead: isHead)
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(byteCount))
      let progress = parser.parse(piece.span)
      if progress != .partial { return (progress, parser) }
      rest = rest.dropFirst(byteCount)
    }
    return (.partial, parser)
  }

  @Test("the length that a head announces is known with it, however it is cut", arguments: [1, 5, 1000])
  func contentLength(byteCount: Int) async throws {
    try await onLoop {
      for (fields, isHead, expected) in [
        ("Content-Length: 5", false, 5), ("content-LENGTH:0", false, 0), ("Content-Length: 99999999", true, 99_999_999),
        ("Transfer-Encoding: chunked", false, nil), ("ETag: \"a\"", false, nil),
      ] as [(String, Bool, Int?)] {
        let recorder = Recorder()
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\(fields)\r\n\r\n"
        _ = Self.parse(text, inPiecesOf: byteCount, isHead: isHead, for: recorder)
        #expect(recorder.contentLengths == [expected], "\(fields)")
      }
    }
  }

  @Test("a response is the same however it is cut", arguments: [1, 2, 3, 7, 64, 1000])
  func pieces(byteCount: Int) async throws {
    try await onLoop {
      for (text, body) in [
        ("HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 5\r\n\r\nhello", "hello"),
        (
          "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
          "hello"
        ),
        ("HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 0\r\n\r\n", ""),
        // RFC 9110 §15.2: interim responses come before the final one, as many as the server likes.
        (
          "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 1\r\n\r\nx",
          "x"
        ),
      ] {
        let recorder = Recorder()
        let (progress, parser) = Self.parse(text, inPiecesOf: byteCount, for: recorder)
        guard case .complete = progress else {
          Issue.record("\(progress) of \(text)")
          continue
        }
        #expect(recorder.statuses == [200])
        #expect(recorder.headers["etag"] == "\"a\"")
        #expect(recorder.headers["x"] == nil)
        #expect(recorder.headers.all.allSatisfy { !$0.name.hasPrefix("HTTP/") })
        #expect(recorder.body == Array(body.utf8))
        #expect(parser.keepsAlive)
      }
    }
  }

  @Test("what follows a response is not taken")
  func rest() async throws {
    try await onLoop {
      let recorder = Recorder()
      let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
      let (progress, _) = Self.parse(text + "HTTP/1.1 200 OK\r\n", inPiecesOf: 1000, for: recorder)
      #expect(progress == .complete(byteCount: text.utf8.count))
    }
  }

  @Test("answers to HEAD, 204 and 304 have no body whatever their length says")
  func noBody() async throws {
    try await onLoop {
      let lengths = "Content-Length: 99\r\n\r\n"
      for (text, isHead) in [
        ("HTTP/1.1 200 OK\r\n" + lengths, true), ("HTTP/1.1 204 No Content\r\n" + lengths, false),
        ("HTTP/1.1 304 Not Modified\r\n" + lengths, false),
      ] {
        let recorder = Recorder()
        let (progress, parser) = Self.parse(text, inPiecesOf: 1000, isHead: isHead, for: recorder)
        #expect(progress == .complete(byteCount: text.utf8.count))
        #expect(recorder.body.isEmpty && parser.keepsAlive)
      }
    }
  }

  @Test("a response without a length ends with its connection, which is then of no more use")
  func untilEnd() async throws {
    try await onLoop {
      let recorder = Recorder()
      let (progress, parser) = Self.parse("HTTP/1.1 200 OK\r\n\r\nall of it", inPiecesOf: 4, for: recorder)
      #expect(progress == .partial)
      #expect(parser.finish() == .complete(byteCount: 0))
      #expect(recorder.body == Array("all of it".utf8))
      #expect(!parser.keepsAlive)
    }
  }

  @Test("a connection that ends within a response leaves it incomplete")
  func cutShort() async throws {
    try await onLoop {
      for text in ["", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"] {
        let recorder = Recorder()
        let (_, parser) = Self.parse(text, inPiecesOf: 1000, for: recorder)
        #expect(recorder.statuses.count <= 1)
        #expect(parser.finish() == .partial, "\(text)")
      }
    }
  }

  @Test("connections that are to close are told from those that are kept")
  func keepAlive() async throws {
    try await onLoop {
      for (head, isKept) in [
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n", false), ("HTTP/1.0 200 OK\r\n", false),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", true), ("HTTP/1.1 503 Slow Down\r\n", true),
      ] {
        let recorder = Recorder()
        let (_, parser) = Self.parse(head + "Content-Length: 0\r\n\r\n", inPiecesOf: 1000, for: recorder)
        #expect(recorder.statuses.count == 1)
        #expect(parser.keepsAlive == isKept, "\(head)")
      }
    }
  }

  @Test("a head beyond its bound is refused, in one piece or in many", arguments: [1, 500, 100_000])
  func headerBound(byteCount: Int) async throws {
    try await onLoop {
      let text = "HTTP/1.1 200 OK\r\nX: \(String(repeating: "v", count: 2000))\r\nContent-Length: 0\r\n\r\n"
      let recorder = Recorder()
      let (progress, _) = Self.parse(text, inPiecesOf: byteCount, for: recorder)
      #expect(progress == .failed("headers larger than 1000 bytes"))
      #expect(recorder.statuses.isEmpty)
    }
  }

  @Test("what is no HTTP fails")
  func malformed() async throws {
    try await onLoop {
      for text in ["220 smtp.example ready\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n"] {
        let recorder = Recorder()
        let (progress, _) = Self.parse(text, inPiecesOf: 1000, for: recorder)
        #expect(recorder.body.isEmpty)
        guard case .failed = progress else {
          Issue.record("\(progress) of \(text)")
          continue
        }
      }
    }
  }

  @Test("a delegate that has had enough ends it")
  func stop() async throws {
    try await onLoop {
      let text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
      for keyPath in [\Recorder.stopsAtHead, \Recorder.stopsAtBody] {
        let recorder = Recorder()
        recorder[keyPath: keyPath] = true
        #expect(Self.parse(text, inPiecesOf: 1000, for: recorder).progress == .stopped)
      }
    }
  }

  @Test("one response after the other, each for itself")
  func reuse() async throws {
    try await onLoop {
      let recorder = Recorder()
      let parser = ResponseParser(headerByteCountMax: 1000)
      parser.delegate = recorder
      for number in 0..<3 {
        parser.begin(isHead: false)
        let bytes = Array("HTTP/1.1 20\(number) OK\r\nN\(number): y\r\nContent-Length: 1\r\n\r\n\(number)".utf8)
        #expect(parser.parse(bytes.span) == .complete(byteCount: bytes.count))
        #expect(recorder.headers.all.map(\.name) == ["N\(number)", "Content-Length"])
      }
      #expect(recorder.statuses == [200, 201, 202])
      #expect(recorder.body == Array("012".utf8))
    }
  }
}
