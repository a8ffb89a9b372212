import HTTP
import Testing

@Suite("The multipart parser does not mind how a body is cut")
struct MultipartSplitTests {
  static let bodies: [[UInt8]] = [
    MultipartParserTests.twoParts,
    crlf("--bound--\n"),
    crlf("pre\n--bound \nContent-Disposition: form-data; name=a; filename=b\n\n\n--bound--"),
    crlf("--bound\nContent-Disposition: form-data; name=a\n\n--bound--\t\nepilogue"),
    crlf("--bound\nContent-Disposition: form-data; name=a\n\n\r\r\n\n-\n--bound-\n--bound\r\n--boun\n--bound--\n"),
    crlf("--bound\nContent-Disposition: form-data; name=a\n\nnever ends\n--bound"),
    crlf("--bound\nContent-Disposition: form-data;\n name=a\n\n\n--boundx\n--boundy\n--bound\nbad header\n\n"),
  ]

  @Test("a boundary split at every byte is still found", arguments: bodies)
  func twoWaySplits(body: [UInt8]) throws {
    let whole = try multipartOutcome(body)
    for cut in 0...body.count {
      #expect(try multipartOutcome(body, cuts: [cut]) == whole, "cut at \(cut)")
    }
  }

  @Test("every way to cut a body in three comes to the same", arguments: bodies)
  func threeWaySplits(body: [UInt8]) throws {
    let whole = try multipartOutcome(body)
    var differing: [[Int]] = []
    for first in 0...body.count {
      for second in first...body.count where try multipartOutcome(body, cuts: [first, second]) != whole {
        differing.append([first, second])
      }
    }
    #expect(differing.isEmpty)
  }

  @Test("one byte at a time comes to the same", arguments: bodies)
  func singleBytes(body: [UInt8]) throws {
    #expect(try multipartOutcome(body, cuts: Array(1..<body.count)) == multipartOutcome(body))
  }

  @Test("long content, around the width in which the search steps, with the boundary at every place of it")
  func searchWidths() throws {
    let head = crlf("--bound\nContent-Disposition: form-data; name=f\n\n")
    for count in 0..<150 {
      for filler in ["x", "\r", "\rx", "\n\r", "\r\n", "\r\n--"] {
        let content = Array(Array(repeating: Array(filler.utf8), count: count).joined().prefix(count))
        #expect(try parseMultipart(head + content + crlf("\n--bound--\n")).parts.first?.content == content)
      }
    }
  }
}
