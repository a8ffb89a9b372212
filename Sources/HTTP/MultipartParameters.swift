/// Reads a header value of the shape `value *( ";" name "=" ( token / quoted-string ) )` (RFC 2045 5.1, RFC 2183 2).
struct MultipartParameters {
  struct Parameter {
    /// In lower case.
    let name: String
    /// Without quotes and escapes.
    let value: [UInt8]
  }

  struct Malformed: Error {
    let reason: String
  }

  private let bytes: ArraySlice<UInt8>
  private var offset: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    offset = bytes.startIndex
  }

  /// The value before the first parameter, without blanks around it. To be called first.
  mutating func takeValue() -> ArraySlice<UInt8> {
    let end = bytes.firstIndex(of: ASCII.semicolon) ?? bytes.endIndex
    offset = end
    return bytes[..<end].trimmingBlanks
  }

  /// The next parameter, nil at the end. Empty ones (`;;`, a last `;`) are skipped, as RFC 9110 5.6.6 has it.
  mutating func next() throws(Malformed) -> Parameter? {
    repeat {
      skipBlanks()
      guard let byte = peek else { return nil }
      guard byte == ASCII.semicolon else { throw Malformed(reason: "a semicolon is missing") }
      offset += 1
      skipBlanks()
    } while peek == ASCII.semicolon
    guard peek != nil else { return nil }

    let name = takeToken()
    guard !name.isEmpty else { throw Malformed(reason: "a parameter has no name") }
    guard peek == ASCII.equals else { throw Malformed(reason: "a parameter has no value") }
    offset += 1
    let value: [UInt8]
    if peek == ASCII.quote {
      offset += 1
      value = try takeQuoted()
    } else {
      value = Array(takeToken())
      guard !value.isEmpty else { throw Malformed(reason: "a parameter's value is neither a token nor quoted") }
    }
    return Parameter(name: name.lowercasedASCIIText, value: value)
  }

  private var peek: UInt8? { offset < bytes.endIndex ? bytes[offset] : nil }

  private mutating func skipBlanks() {
    while let byte = peek, ASCII.isBlank(byte) { offset += 1 }
  }

  private mutating func takeToken() -> ArraySlice<UInt8> {
    let start = offset
    while let byte = peek, ASCII.isToken(byte) { offset += 1 }
    return bytes[start..<offset]
  }

  /// Reads up to the closing quote.
  ///
  /// A backslash escapes a quote or a backslash (curl before 7.81, RFC 822) and is itself anywhere else: browsers never
  /// escape with it, and old Internet Explorer sends whole paths, `C:\Users\me\cat.jpg`.
  private mutating func takeQuoted() throws(Malformed) -> [UInt8] {
    var value: [UInt8] = []
    value.reserveCapacity(min(bytes.endIndex - offset, 64))
    while let byte = peek {
      offset += 1
      if byte == ASCII.quote { return value }
      if byte == ASCII.backslash, let next = peek, next == ASCII.quote || next == ASCII.backslash {
        offset += 1
        value.append(next)
      } else {
        value.append(byte)
      }
    }
    throw Malformed(reason: "a closing quote is missing")
  }
}
