extension MultipartPartHead {
  /// Reads the header lines of a part.
  ///
  /// Of all header fields RFC 7578 4.8 allows only Content-Disposition, Content-Type and, for channels of 7 bits,
  /// Content-Transfer-Encoding; others are ignored as it demands. A transfer encoding that is not the identity is
  /// refused: 4.7 tells senders not to use one, and taking its text for an image would be worse.
  /// - Parameter lines: each with its CRLF.
  init(parsing lines: [UInt8], bodyOffset: Int, limits: MultipartLimits) throws(MultipartError) {
    var disposition: [UInt8]?
    var contentType: [UInt8]?
    var contentLength: [UInt8]?
    var transferEncoding: [UInt8]?

    var rest = lines[...]
    while !rest.isEmpty {
      let (name, value) = try Self.takeField(from: &rest)
      switch name {
      case "content-disposition": try Self.set(&disposition, value, name)
      case "content-type": try Self.set(&contentType, value, name)
      case "content-length": try Self.set(&contentLength, value, name)
      case "content-transfer-encoding": try Self.set(&transferEncoding, value, name)
      default: break
      }
    }

    if let transferEncoding, !Self.identityEncodings.contains(transferEncoding.lowercasedASCII) {
      throw .unsupportedTransferEncoding(String(decoding: transferEncoding.prefix(32), as: UTF8.self))
    }
    guard let disposition else { throw .missingContentDisposition }
    let names = try MultipartDisposition(parsing: disposition, limits: limits)
    self.init(
      name: names.name, fileName: names.fileName,
      contentType: contentType.map { String(decoding: $0, as: UTF8.self) },
      contentLength: contentLength.flatMap(Self.decimal), bodyOffset: bodyOffset, rawHeaders: lines)
  }

  private static let identityEncodings: [[UInt8]] = ["7bit", "8bit", "binary"].map { Array($0.utf8) }

  private static func set(_ field: inout [UInt8]?, _ value: [UInt8], _ name: String) throws(MultipartError) {
    guard field == nil else { throw .malformedHeader("\(name) is there twice") }
    field = value
  }

  /// Takes one field and the lines that continue it; unfolding removes the CRLF and keeps the blank (RFC 5322 2.2.3).
  private static func takeField(
    from lines: inout ArraySlice<UInt8>
  ) throws(MultipartError) -> (name: String, value: [UInt8]) {
    guard let colon = lines.firstIndex(where: { !ASCII.isToken($0) }), lines[colon] == ASCII.colon,
      colon > lines.startIndex
    else {
      throw .malformedHeader("it does not start with a field name and a colon")
    }
    let name = String(decoding: lines[..<colon].lowercasedASCII, as: UTF8.self)
    lines = lines[(colon + 1)...]
    var value: [UInt8] = []
    value.reserveCapacity(min(lines.count, 128))
    repeat {
      // The parser has seen to it that every CR is followed by LF and ends a line.
      let end = lines.firstIndex(of: .carriageReturn) ?? lines.endIndex
      value += lines[..<end]
      lines = lines[end...].dropFirst(2)
    } while lines.first == .space || lines.first == .tab
    return (name, value[...].trimmingBlanks)
  }

  private static func decimal(_ digits: [UInt8]) -> Int? {
    guard !digits.isEmpty, digits.allSatisfy(ASCII.isDigit) else {
      return nil
    }
    return Int(String(decoding: digits, as: UTF8.self))
  }
}
