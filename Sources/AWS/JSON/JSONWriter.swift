/// Writes JSON (RFC 8259) straight into bytes, for the few documents that are written for every image.
///
/// Foundation's encoder builds a tree of boxes first, which costs the web tier as much as signing a call does; everything
/// that is rarer is written by it. Commas are the writer's part, brackets and the order of calls the caller's.
package struct JSONWriter {
  package private(set) var bytes: [UInt8] = []

  package init(byteCapacity: Int) { bytes.reserveCapacity(byteCapacity) }

  package mutating func beginObject() { open(UInt8(ascii: "{")) }
  package mutating func endObject() { bytes.append(UInt8(ascii: "}")) }
  package mutating func beginArray() { open(UInt8(ascii: "[")) }
  package mutating func endArray() { bytes.append(UInt8(ascii: "]")) }

  /// The next member's name; its value follows. It must need no escapes.
  package mutating func name(_ name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  package mutating func string(_ string: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    var string = string
    string.withUTF8 { appendEscaped($0) }
    bytes.append(UInt8(ascii: "\""))
  }

  package mutating func integer(_ value: Int) {
    separate()
    bytes.append(contentsOf: String(value).utf8)
  }

  /// A finite number, in the fewest digits that tell it from every other.
  package mutating func number(_ value: Float) {
    precondition(value.isFinite, "JSON has no such number")
    separate()
    bytes.append(contentsOf: value.description.utf8)
  }

  package mutating func member(_ name: StaticString, _ value: String) {
    self.name(name)
    string(value)
  }

  package mutating func member(_ name: StaticString, _ value: Int) {
    self.name(name)
    integer(value)
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
  }

  /// Every value but the first of an object or array comes after a comma. What stands before tells them apart: a string
  /// always ends in a quotation mark.
  private mutating func separate() {
    switch bytes.last {
    case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): return
    default: bytes.append(UInt8(ascii: ","))
    }
  }

  /// RFC 8259 §7: quotation mark, backslash and control characters are escaped, everything else stands for itself.
  private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
    guard JSONText.firstSpecial(in: text, from: 0) < text.count else { return bytes.append(contentsOf: text) }
    // Into memory on the stack, which is not asked for room at every byte.
    var rest = text[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Self.escapedAtOnceByteCount)
      rest = rest.dropFirst(piece.count)
      withUnsafeTemporaryAllocation(
        of: UInt8.self, capacity: Self.escapedAtOnceByteCount * Self.escapeByteCountMax
      ) { escaped in
        var count = 0
        for byte in piece {
          if JSONText.isControl(byte) {
            escaped[count] = UInt8(ascii: "\\")
            escaped[count + 1] = UInt8(ascii: "u")
            escaped[count + 2] = UInt8(ascii: "0")
            escaped[count + 3] = UInt8(ascii: "0")
            escaped[count + 4] = Hexadecimal.digit(byte >> 4)
            escaped[count + 5] = Hexadecimal.digit(byte & 0xF)
            count += 6
          } else {
            if JSONText.isSpecial(byte) {
              escaped[count] = UInt8(ascii: "\\")
              count += 1
            }
            escaped[count] = byte
            count += 1
          }
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: escaped[..<count]))
      }
    }
  }

  private static let escapedAtOnceByteCount = 128
  /// `\u001f`
  private static let escapeByteCountMax = 6
}
