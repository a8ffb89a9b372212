/// The two names in a part's Content-Disposition (RFC 7578 4.2), decoded.
///
/// In both names the three escapes of browsers, `%22 %0D %0A`, are undone (WHATWG HTML, "multipart/form-data encoding
/// algorithm"). A file name that reads as percent-encoded UTF-8 as a whole (RFC 7578 2) is decoded as a whole. Bytes
/// that are not UTF-8 become U+FFFD.
struct MultipartDisposition {
  let name: String
  let fileName: String?

  init(parsing value: [UInt8], limits: MultipartLimits) throws(MultipartError) {
    var parameters = MultipartParameters(value)
    guard parameters.takeValue().lowercasedASCII == Array("form-data".utf8) else {
      throw .malformedContentDisposition("it is not form-data")
    }
    var values: [String: [UInt8]] = [:]
    while true {
      let parameter: MultipartParameters.Parameter?
      do { parameter = try parameters.next() } catch { throw .malformedContentDisposition(error.reason) }
      guard let parameter else { break }
      guard values.updateValue(parameter.value, forKey: parameter.name) == nil else {
        throw .malformedContentDisposition("\(parameter.name) is there twice")
      }
    }

    guard let nameBytes = values["name"] else { throw .malformedContentDisposition("it has no name") }
    let decodedName = FormEscapes.decodingBrowserEscapes(nameBytes)
    guard decodedName.count <= limits.nameByteCountMax else {
      throw .nameTooLong(byteCountMax: limits.nameByteCountMax)
    }
    name = String(decoding: decodedName, as: UTF8.self)

    guard let path = try Self.fileName(plain: values["filename"], extended: values["filename*"]) else {
      fileName = nil
      return
    }
    guard path.utf8.count <= limits.fileNameByteCountMax else {
      throw .fileNameTooLong(byteCountMax: limits.fileNameByteCountMax)
    }
    fileName = Self.lastComponent(of: path)
  }

  /// `filename*` goes before `filename` (RFC 6266 4.3), and is passed over when it is malformed or of an unknown charset.
  /// RFC 7578 4.2 tells senders not to use it in forms; some do.
  private static func fileName(plain: [UInt8]?, extended: [UInt8]?) throws(MultipartError) -> String? {
    if let extended, let decoded = ExtendedValue.decode(extended) { return decoded }
    if let plain {
      return FormEscapes.decodingUTF8(plain)
        ?? String(decoding: FormEscapes.decodingBrowserEscapes(plain), as: UTF8.self)
    }
    guard extended == nil else {
      throw .malformedContentDisposition("filename* is malformed or of an unknown charset, and there is no filename")
    }
    return nil
  }

  private static func lastComponent(of path: String) -> String {
    guard let separator = path.utf8.lastIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }) else {
      return path
    }
    return String(path[path.utf8.index(after: separator)...])
  }
}

/// An extended parameter value, `charset'language'percent-encoded` (RFC 8187 3.2).
private enum ExtendedValue {
  /// - Returns: nil when it is malformed or its charset is neither UTF-8 nor ISO-8859-1.
  static func decode(_ bytes: [UInt8]) -> String? {
    let pieces = bytes.split(separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
    guard pieces.count == 3, let octets = FormEscapes.decode(pieces[2]) else { return nil }
    // attr-char: of the token's characters, `*`, `'` and `%` may only stand there encoded.
    guard pieces[2].allSatisfy({ $0.isTokenCharacter && $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "*") }) else {
      return nil
    }
    switch String(decoding: pieces[0].lowercasedASCII, as: UTF8.self) {
    case "utf-8":
      return String(decoding: octets, as: UTF8.self)
    case "iso-8859-1":
      return String(String.UnicodeScalarView(octets.map { Unicode.Scalar($0) }))
    default:
      return nil
    }
  }
}

private enum FormEscapes {
  /// Undoes `%22 %0D %0A` and nothing else: browsers send a percent sign as itself.
  static func decodingBrowserEscapes(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(percent) else { return bytes }
    return decode(bytes[...], where: { $0 == UInt8(ascii: "\"") || $0 == .carriageReturn || $0 == .lineFeed })
  }

  /// - Returns: nil unless every percent sign starts an escape and what comes out is UTF-8 without control characters
  ///   other than the line breaks that browsers escape; a name like `50%off.png` is left alone so.
  static func decodingUTF8(_ bytes: [UInt8]) -> String? {
    guard bytes.contains(percent), let octets = decode(bytes[...]) else { return nil }
    let hasControls = octets.contains { ($0 < 0x20 && $0 != .carriageReturn && $0 != .lineFeed) || $0 == 0x7f }
    return hasControls ? nil : String(validating: octets, as: UTF8.self)
  }

  /// - Returns: nil when a percent sign does not start an escape.
  static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var isWellFormed = true
    let octets = decode(bytes, where: { _ in true }, otherwise: { isWellFormed = false })
    return isWellFormed ? octets : nil
  }

  private static let percent = UInt8(ascii: "%")

  private static func decode(
    _ bytes: ArraySlice<UInt8>, where isDecoded: (UInt8) -> Bool, otherwise: () -> Void = {}
  ) -> [UInt8] {
    var octets: [UInt8] = []
    octets.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      if bytes[index] == percent {
        if index + 2 < bytes.endIndex, let high = bytes[index + 1].hexDigitValue,
          let low = bytes[index + 2].hexDigitValue, isDecoded(high << 4 | low)
        {
          octets.append(high << 4 | low)
          index += 3
          continue
        }
        otherwise()
      }
      octets.append(bytes[index])
      index += 1
    }
    return octets
  }
}

extension UInt8 {
  fileprivate var hexDigitValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
