extension MultipartPartHead {
  /// Reads the header lines of a part.
  ///
  /// Of all header fields RFC 7578 4.8 allows only Content-Disposition, Content-Type and, for channels of 7 bits,
  /// Content-Transfer-Encoding; others are ignored as it demands. A transfer encoding that is not the identity is
  /// refused: 4.7 tells senders not to use one, and taking its text for an image would be worse.
  /// - Parameter lines: each with its CRLF.
  init(parsing lines: [UInt8], bodyOffset: Int, limits: MultipartLimits) throws(MultipartError) {
    var disposition: ArraySlice<UInt8>?
    var contentType: ArraySlice<UInt8>?
    var contentLength: ArraySlice<UInt8>?
    var transferEncoding: ArraySlice<UInt8>?

    var rest = lines[...]
    while !rest.isEmpty {
      let (name, value) = try Self.takeField(from: &rest)
      if name.isASCIIText("content-disposition") {
        try Self.set(&disposition, value, name)
      } else if name.isASCIIText("content-type") {
        try Self.set(&contentType, value, name)
      } else if name.isASCIIText("content-length") {
        try Self.set(&contentLength, value, name)
      } else if name.isASCIIText("content-transfer-encoding") {
        try Self.set(&transferEncoding, value, name)
      }
    }

    if let transferEncoding, !Self.isIdentity(transferEncoding) {
      throw .unsupportedTransferEncoding(String(decoding: transferEncoding.prefix(32), as: UTF8.self))
    }
    guard let disposition else { throw .missingContentDisposition }
    let names = try MultipartDisposition(parsing: disposition, limits: limits)
    self.init(
      name: names.name, fileName: names.fileName,
      contentType: contentType.map { String(decoding: $0, as: UTF8.self) },
      contentLength: contentLength.flatMap(Self.decimal), bodyOffset: bodyOffset, rawHeaders: lines)
  }

  private static func isIdentity(_ encoding: ArraySlice<UInt8>) -> Bool {
    encoding.isASCIIText("7bit") || encoding.isASCIIText("8bit") || encoding.isASCIIText("binary")
  }

  private static func set(
    _ field: inout ArraySlice<UInt8>?, _ value: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>
  ) throws(MultipartError) {
    guard field == nil else { throw .malformedHeader("\(name.lowercasedASCIIText) is there twice") }
    field = value
  }

  /// Takes one field and the lines that continue it; unfolding removes the CRLF and keeps the blank (RFC 5322 2.2.3).
  private static func takeField(
    from lines: inout ArraySlice<UInt8>
  ) throws(MultipartError) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
    guard let colon = lines.firstIndex(where: { !ASCII.isToken($0) }), lines[colon] == ASCII.colon,
      colon > lines.startIndex
    else {
      throw .malformedHeader("it does not start with a field name and a colon")
    }
    let name = lines[..<colon]
    lines = lines[(colon + 1)...]
    // One line, of which nothing is copied, unless it is continued.
    var value = takeLine(from: &lines)
    while lines.first == .space || lines.first == .tab { value += takeLine(from: &lines) }
    return (name, value.trimmingBlanks)
  }

  private static func takeLine(from lines: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    // The parser has seen to it that every CR is followed by LF and ends a line.
    let end = lines.firstIndex(of: .carriageReturn) ?? lines.endIndex
    defer { lines = lines[end...].dropFirst(2) }
    return lines[..<end]
  }

  private static func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.allSatisfy(ASCII.isDigit) else {
      return nil
    }
    return Int(String(decoding: digits, as: UTF8.self))
  }
}
