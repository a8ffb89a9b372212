import Glibc

/// Reads JSON (RFC 8259) in one pass, for the few documents that are read for every image: answers to batches, received
/// messages, workers' answers. What the caller does not ask for is checked and skipped, and nothing is built of it.
///
/// Foundation's decoder scans a document into a map, then looks every member up in dictionaries it makes for each object:
/// of an upload's instructions in the web tier it took a fifth. Everything rarer is still read by it.
package struct JSONReader {
  /// Where the document stops being what it should be, as a place in its bytes.
  package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
    package let offset: Int
    package let reason: String
    package var description: String { "\(reason) at byte \(offset)" }
  }

  /// A member's name, compared without making a string of it. Names with escapes in them are not ours and match nothing.
  package struct Name {
    fileprivate let bytes: ArraySlice<UInt8>

    package static func ~= (pattern: StaticString, name: Name) -> Bool {
      let count = pattern.utf8CodeUnitCount
      guard count == name.bytes.count else { return false }
      return name.bytes.withUnsafeBytes { bytes in
        guard let start = bytes.baseAddress else { return true }
        return memcmp(start, pattern.utf8Start, count) == 0
      }
    }
  }

  /// Of arrays and objects within each other; nothing that is read here has more than five.
  private static let depthMax = 64

  private let bytes: [UInt8]
  private var index = 0
  private var depth = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// An object; `member` must read or skip the value of each.
  package mutating func object(_ member: (inout JSONReader, Name) throws(Failure) -> Void) throws(Failure) {
    try enter(UInt8(ascii: "{"), "an object is expected")
    if take(UInt8(ascii: "}")) { return leave() }
    repeat {
      skipBlanks()
      let (range, _) = try scanString()
      guard take(UInt8(ascii: ":")) else { throw failure("a colon is missing") }
      try member(&self, Name(bytes: bytes[range]))
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw failure("an object does not end") }
    leave()
  }

  /// An array; `element` must read or skip each value.
  package mutating func array(_ element: (inout JSONReader) throws(Failure) -> Void) throws(Failure) {
    try enter(UInt8(ascii: "["), "an array is expected")
    if take(UInt8(ascii: "]")) { return leave() }
    repeat { try element(&self) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw failure("an array does not end") }
    leave()
  }

  package mutating func string() throws(Failure) -> String {
    skipBlanks()
    let (range, hasEscapes) = try scanString()
    guard hasEscapes else { return String(decoding: bytes[range], as: UTF8.self) }
    return try unescaped(range)
  }

  package mutating func integer() throws(Failure) -> Int {
    let range = try scanNumber()
    guard let value = Int(String(decoding: bytes[range], as: UTF8.self)) else { throw failure("no integer") }
    return value
  }

  package mutating func number() throws(Failure) -> Double {
    let range = try scanNumber()
    if let value = shortDecimal(range) { return value }
    guard let value = Double(String(decoding: bytes[range], as: UTF8.self)) else { throw failure("no number") }
    return value
  }

  /// A number, or nil for a value of any other kind, which is skipped.
  package mutating func numberIfAny() throws(Failure) -> Double? {
    skipBlanks()
    if index < bytes.count, bytes[index] == UInt8(ascii: "-") || (0x30...0x39).contains(bytes[index]) {
      return try number()
    }
    try skip()
    return nil
  }

  package mutating func boolean() throws(Failure) -> Bool {
    skipBlanks()
    if literal("true") { return true }
    if literal("false") { return false }
    throw failure("true or false is expected")
  }

  /// The first byte of what follows, which is not read; nil at the end. It tells what kind of value that is.
  package var upcoming: UInt8? {
    mutating get {
      skipBlanks()
      return index < bytes.count ? bytes[index] : nil
    }
  }

  /// Reads over `null` if that is what follows.
  package mutating func null() -> Bool {
    skipBlanks()
    return literal("null")
  }

  /// Reads over a value of any kind.
  package mutating func skip() throws(Failure) {
    skipBlanks()
    guard index < bytes.count else { throw failure("a value is missing") }
    switch bytes[index] {
    case UInt8(ascii: "{"): try object { reader, _ throws(Failure) in try reader.skip() }
    case UInt8(ascii: "["): try array { reader throws(Failure) in try reader.skip() }
    case UInt8(ascii: "\""): _ = try scanString()
    case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try boolean()
    case UInt8(ascii: "n"): guard null() else { throw failure("null is expected") }
    default: _ = try scanNumber()
    }
  }

  /// Nothing may follow the document.
  package mutating func end() throws(Failure) {
    skipBlanks()
    guard index == bytes.count else { throw failure("something follows the document") }
  }

  package func failure(_ reason: String) -> Failure { Failure(offset: index, reason: reason) }

  // MARK: Tokens

  private mutating func enter(_ bracket: UInt8, _ expectation: String) throws(Failure) {
    guard take(bracket) else { throw failure(expectation) }
    depth += 1
    guard depth <= Self.depthMax else { throw failure("too many brackets") }
  }

  private mutating func leave() { depth -= 1 }

  @inline(__always)
  private mutating func skipBlanks() {
    // Mostly there are none.
    if index < bytes.count, bytes[index] > 0x20 { return }
    skipSomeBlanks()
  }

  private mutating func skipSomeBlanks() {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x0A, 0x0D, 0x09: index += 1
      default: return
      }
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipBlanks()
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
  }

  private mutating func literal(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard bytes.count - index >= count else { return false }
    for offset in 0..<count where bytes[index + offset] != text.utf8Start[offset] { return false }
    index += count
    return true
  }

  /// - Returns: What is between the quotation marks, with its escapes, all of which are well formed but for the pairing of
  ///   surrogates.
  private mutating func scanString() throws(Failure) -> (range: Range<Int>, hasEscapes: Bool) {
    guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw failure("a string is expected") }
    let start = index + 1
    var hasEscapes = false
    var index = start
    while true {
      index = bytes.withUnsafeBufferPointer { JSONText.firstSpecial(in: $0, from: index) }
      guard index < bytes.count else { break }
      switch bytes[index] {
      case UInt8(ascii: "\""):
        self.index = index + 1
        return (start..<index, hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        index += try escapeByteCount(at: index)
      default:
        self.index = index
        throw failure("a control character stands in a string")
      }
    }
    self.index = bytes.count
    throw failure("a string does not end")
  }

  /// The length of an escape, with its backslash.
  private mutating func escapeByteCount(at start: Int) throws(Failure) -> Int {
    guard start + 1 < bytes.count else { return 1 }
    switch bytes[start + 1] {
    case UInt8(ascii: "u"):
      if start + 6 <= bytes.count, bytes[start + 2..<start + 6].allSatisfy({ Hexadecimal.value(of: $0) != nil }) {
        return 6
      }
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return 2
    default: break
    }
    index = start + 1
    throw failure("an escape is malformed")
  }

  /// What a string with escapes means. No escape is shorter than the UTF-8 of its character.
  private func unescaped(_ range: Range<Int>) throws(Failure) -> String {
    var failure: Failure?
    let string = String(unsafeUninitializedCapacity: range.count) { text in
      bytes.withUnsafeBufferPointer { bytes in
        var byteCount = 0
        var position = range.lowerBound
        while position < range.upperBound {
          var byte = bytes[position]
          position += 1
          if byte == UInt8(ascii: "\\") {
            byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "u"):
              do throws(Failure) {
                let (scalar, escapeByteCount) = try scalar(at: position - 2, before: range.upperBound)
                for unit in UTF8.encode(scalar).unsafelyUnwrapped {
                  text[byteCount] = unit
                  byteCount += 1
                }
                position += escapeByteCount - 2
              } catch {
                failure = error
                return 0
              }
              continue
            case UInt8(ascii: "b"): byte = 0x08
            case UInt8(ascii: "f"): byte = 0x0C
            case UInt8(ascii: "n"): byte = 0x0A
            case UInt8(ascii: "r"): byte = 0x0D
            case UInt8(ascii: "t"): byte = 0x09
            default: break
            }
          }
          text[byteCount] = byte
          byteCount += 1
        }
        return byteCount
      }
    }
    if let failure { throw failure }
    return string
  }

  /// RFC 8259 §7: what is outside the Basic Multilingual Plane is written as two surrogates.
  /// - Returns: The character, and the length of its one or two escapes.
  private func scalar(
    at position: Int, before end: Int
  ) throws(Failure) -> (scalar: Unicode.Scalar, byteCount: Int) {
    let first = codeUnit(at: position)
    if let scalar = Unicode.Scalar(first) { return (scalar, 6) }
    guard first < 0xDC00, position + 12 <= end, bytes[position + 6] == UInt8(ascii: "\\"),
      bytes[position + 7] == UInt8(ascii: "u")
    else { throw failure("half a pair of surrogates stands in a string") }
    let second = codeUnit(at: position + 6)
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x1_0000 + (UInt32(first - 0xD800) << 10 | UInt32(second - 0xDC00)))
    else { throw failure("half a pair of surrogates stands in a string") }
    return (scalar, 12)
  }

  private func codeUnit(at position: Int) -> UInt16 {
    bytes[position + 2..<position + 6].reduce(0) { $0 << 4 | UInt16(Hexadecimal.value(of: $1) ?? 0) }
  }

  /// The value of a number with at most fifteen digits and no exponent, exactly: both the digits and the power of ten that
  /// they are divided by are whole numbers that a double holds, and one division is rounded once.
  private func shortDecimal(_ range: Range<Int>) -> Double? {
    guard range.count <= 15 else { return nil }
    var digits = 0
    var divisor = 1
    var hasPoint = false
    var isNegative = false
    for index in range {
      switch bytes[index] {
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "."): hasPoint = true
      case let byte where byte &- 0x30 < 10:
        digits = digits * 10 + Int(byte &- 0x30)
        if hasPoint { divisor *= 10 }
      default: return nil
      }
    }
    let value = Double(digits) / Double(divisor)
    return isNegative ? -value : value
  }

  /// RFC 8259 §6: no leading zeros, digits on both sides of the point and after the exponent's sign.
  private mutating func scanNumber() throws(Failure) -> Range<Int> {
    skipBlanks()
    let start = index
    if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
    let integerStart = index
    try scanDigits()
    if bytes[integerStart] == UInt8(ascii: "0"), index - integerStart > 1 { throw failure("a number begins with 0") }
    if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
      index += 1
      try scanDigits()
    }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") { index += 1 }
      try scanDigits()
    }
    return start..<index
  }

  private mutating func scanDigits() throws(Failure) {
    let start = index
    while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
    if index == start { throw failure("a digit is expected") }
  }
}
