import Foundation
import Logging
import Testing

@testable import Logs

@Suite("Log lines")
struct LogLineTests {
  static let awkward = [
    "", "plain", "a b", "\"quoted\"", "back\\slash", "line\nfeed\r\n", "\u{0}\u{1b}[31m\u{7f}\u{9b}31m", "é猫\u{1F63A}",
    "key=value", "\u{2028}\u{feff}\u{fffe}", "{\"a\":1}", "\u{a0}",
  ]

  /// One line of JSON, read by another's parser.
  static func object(_ bytes: [UInt8]) throws -> [String: Any] {
    #expect(bytes.last == 0x0A)
    #expect(!bytes.dropLast().contains { $0 < 0x20 || $0 == 0x7F })
    return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
  }

  @Test("whatever a value holds comes back from the JSON", arguments: awkward)
  func json(text: String) throws {
    var line = LogLine(.json)
    line.begin(.error, label: text, message: text)
    line.add("field", text)
    line.add("list", [text, "second"])
    line.add("number", -17)
    line.add("time", milliseconds: 12.3456)
    line.finish()
    let object = try LogLineTests.object(line.bytes)
    #expect(object["level"] as? String == "error")
    #expect(object["label"] as? String == text)
    #expect(object["message"] as? String == text)
    #expect(object["field"] as? String == text)
    #expect(object["list"] as? [String] == [text, "second"])
    #expect(object["number"] as? Int == -17)
    #expect(object["time"] as? Double == 12.346)
  }

  @Test("random bytes stay in their field and their line")
  func fuzz() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let text = String(decoding: bytes, as: UTF8.self)
      var line = LogLine(.json)
      line.begin(.info, label: "fuzz", message: text)
      line.finish()
      #expect(try LogLineTests.object(line.bytes)["message"] as? String == text, "\(bytes)")
      var plain = LogLine(.text)
      plain.begin(.info, label: "fuzz", message: text)
      plain.finish()
      #expect(
        plain.bytes.count { $0 == 0x0A } == 1 && plain.bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A })
    }
  }

  @Test("text puts quotes around what would not be one value")
  func text() {
    var line = LogLine(.text)
    line.begin(.notice, label: "web", message: "two\nlines")
    for value in ["a", "a b", "", "k=v", "\"", "é"] { line.add("x", value) }
    line.add("list", ["a", "b"])
    line.add("time", milliseconds: 0.5)
    line.finish()
    let text = String(decoding: line.bytes, as: UTF8.self)
    #expect(
      text.dropFirst(25)
        == "notice web: two\\nlines x=a x=\"a b\" x=\"\" x=\"k=v\" x=\"\\\"\" x=é list=a,b time=0.500\n")
  }

  @Test("the time is RFC 3339 in UTC, across seconds, days and years")
  func time() throws {
    var clock = LogClock()
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    for second in [0, 59, 60, 86_399, 86_400, 951_782_400, 1_795_490_687, 4_102_444_799] {
      var bytes: [UInt8] = []
      clock.append(to: &bytes, second: second, millisecond: 7)
      let date = try #require(formatter.date(from: String(decoding: bytes, as: UTF8.self)))
      #expect(abs(date.timeIntervalSince1970 - Double(second) - 0.007) < 0.000_1)
    }
    var line = LogLine(.text)
    line.begin(.info, label: "x")
    let date = try #require(formatter.date(from: String(decoding: line.bytes.prefix(24), as: UTF8.self)))
    #expect(abs(date.timeIntervalSinceNow) < 60)
  }

  @Test("numbers are written in decimal", arguments: [0, 1, 9, 10, 99, 100, 101, 65_535, Int.max])
  func digits(value: Int) {
    var bytes: [UInt8] = []
    bytes.appendDigits(value)
    #expect(String(decoding: bytes, as: UTF8.self) == "\(value)")
  }

  @Test("a line past its bound is cut to a whole line of JSON", arguments: [4000, 4095, 4096, 100_000])
  func bound(byteCount: Int) throws {
    for unit in ["x", "\u{1}", "é", "\u{1F63A}", "\""] {
      var line = LogLine(.json)
      line.begin(.info, label: "l", message: "short")
      line.add("long", String(repeating: unit, count: byteCount))
      for _ in 0..<100 { line.add("late", "value") }
      line.add("list", Array(repeating: "0123456789", count: 1000))
      line.add("number", Int.min + 1)
      line.finish()
      #expect(line.bytes.count <= LogLimits.lineByteCountMax)
      let object = try LogLineTests.object(line.bytes)
      #expect(object["message"] as? String == "short")
      #expect((object["long"] as? String)?.hasSuffix("…") == true)
    }
  }

  @Test("a value may have a bound of its own, between characters")
  func valueBound() throws {
    var line = LogLine(.json)
    line.begin(.info, label: "l")
    line.add("a", "0123456789", upTo: 10)
    line.add("b", "0123456789x", upTo: 10)
    line.add("c", "ééé", upTo: 3)
    line.finish()
    let object = try LogLineTests.object(line.bytes)
    #expect(object["a"] as? String == "0123456789")
    #expect(object["b"] as? String == "0123456789…")
    #expect(object["c"] as? String == "éé…")
  }

  @Test("metadata is flattened, and takes no name twice")
  func metadata() async throws {
    let pipe = try LogPipe()
    var handler = LineLogHandler(label: "web", level: .info, format: .json, output: pipe.output)
    handler[metadataKey: "request"] = "from the logger"
    handler[metadataKey: "node"] = "n"
    let logger = Logger(label: "web") { _ in handler }
    logger.warning(
      "answer",
      metadata: [
        "request": "r-1", "message": "again", "nested": ["a": ["b": "deep"], "n": .stringConvertible(7)],
        "list": ["x", "y"], "odd \" name": "v",
      ])
    logger.debug("not logged")
    let lines = pipe.takeLines()
    try #require(lines.count == 1)
    let object = try LogLineTests.object(Array((lines[0] + "\n").utf8))
    #expect(object["level"] as? String == "warning")
    #expect(object["request"] as? String == "r-1")
    #expect(object["node"] as? String == "n")
    #expect(object["message"] as? String == "answer")
    #expect(object["metadata.message"] as? String == "again")
    #expect(object["nested.a.b"] as? String == "deep")
    #expect(object["nested.n"] as? String == "7")
    #expect(object["list.1"] as? String == "y")
    #expect(object["odd \" name"] as? String == "v")
  }
}
