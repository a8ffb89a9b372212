import CCurl
import Testing

@testable import AWS

@Suite("The header lines that curl is given")
struct RequestHeaderListTests {
  private static func lines(_ list: borrowing RequestHeaderList) -> [String] {
    var lines: [String] = []
    var node = list.first
    while let next = node {
      lines.append(String(cString: next.pointee.data))
      node = next.pointee.next
    }
    return lines
  }

  @Test("a line for each, in order, empty values and suppressed fields in curl's notation")
  func order() {
    var list = RequestHeaderList()
    list.reserve(headerCount: 4, byteCount: 64)
    let first = [list.append(name: "Host", value: "a"), list.append(name: "X-Empty", value: "")]
    list.suppress("Expect")
    let last = list.append(name: "x-u", value: "é")
    let lines = Self.lines(list)
    #expect(first == [true, true] && last)
    #expect(lines == ["Host: a", "X-Empty;", "Expect:", "x-u: é"])
  }

  @Test("its memory serves the next request, larger or smaller")
  func reuse() {
    var list = RequestHeaderList()
    for count in [3, 40, 1, 200] {
      list.removeAll()
      let isEmpty = list.first == nil
      #expect(isEmpty)
      let value = String(repeating: "v", count: count * 10)
      list.reserve(headerCount: count, byteCount: count * (value.utf8.count + 8))
      for index in 0..<count { _ = list.append(name: "Name\(index)", value: value) }
      let lines = Self.lines(list)
      #expect(lines == (0..<count).map { "Name\($0): \(value)" })
    }
  }

  @Test(
    "what could end a line or is no field name is refused, and leaves nothing",
    arguments: [("", "a"), ("a b", "c"), ("a:", "c"), ("é", "c"), ("a", "b\r\nc: d"), ("a", "b\n"), ("a", "b\0c")])
  func refusals(name: String, value: String) {
    var list = RequestHeaderList()
    list.reserve(headerCount: 2, byteCount: 64)
    let isTaken = [list.append(name: name, value: value), list.append(name: "next", value: "1")]
    let lines = Self.lines(list)
    #expect(isTaken == [false, true])
    #expect(lines == ["next: 1"])
  }

  @Test("the characters of a field's name are those of RFC 9110")
  func tokens() {
    let allowed = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    for byte in UInt8.min...UInt8.max { #expect(RequestHead.isTokenCharacter(byte) == allowed.contains(byte)) }
  }
}
