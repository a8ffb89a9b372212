/// `UriEncode` of the SigV4 documentation: everything but `A–Z a–z 0–9 - . _ ~` becomes `%XY` with capital digits.
///
/// Foundation's URL types are not used: they leave some reserved characters alone, and differ between versions.
package enum URIEncoding {
  /// Encodes one component, "/" included.
  package static func encode(_ text: String) -> String {
    encode(text, keepingSlashes: false)
  }

  /// Encodes a path of plain bytes (an object key), leaving "/" as it is.
  package static func encodePath(_ path: String) -> String {
    encode(path, keepingSlashes: true)
  }

  /// Decodes `%XY`; a "%" that does not begin such a triple stands for itself. Nil when the result is not UTF-8.
  package static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    forEachDecodedByte(of: Array(text.utf8).span, plusIsSpace: plusIsSpace) { bytes.append($0) }
    return String(validating: bytes, as: UTF8.self)
  }

  static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  static func isUnreservedOrSlash(_ byte: UInt8) -> Bool { isUnreserved(byte) || byte == UInt8(ascii: "/") }

  static func append(_ byte: UInt8, keepingSlashes: Bool, to text: inout [UInt8]) {
    if isUnreserved(byte) || (keepingSlashes && byte == UInt8(ascii: "/")) {
      text.append(byte)
    } else {
      text.append(UInt8(ascii: "%"))
      text.append(Hexadecimal.upperCaseDigit(byte >> 4))
      text.append(Hexadecimal.upperCaseDigit(byte & 0xF))
    }
  }

  static func forEachDecodedByte(of text: Span<UInt8>, plusIsSpace: Bool, _ body: (UInt8) -> Void) {
    var index = 0
    while index < text.count {
      let byte = text[index]
      index += 1
      if byte == UInt8(ascii: "%"), index + 1 < text.count,
        let high = Hexadecimal.value(of: text[index]), let low = Hexadecimal.value(of: text[index + 1])
      {
        body(high << 4 | low)
        index += 2
      } else if plusIsSpace, byte == UInt8(ascii: "+") {
        body(UInt8(ascii: " "))
      } else {
        body(byte)
      }
    }
  }

  private static func encode(_ text: String, keepingSlashes: Bool) -> String {
    if text.withBytes({ $0.allSatisfy(keepingSlashes ? isUnreservedOrSlash : isUnreserved) }) { return text }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + 32)
    for byte in text.utf8 { append(byte, keepingSlashes: keepingSlashes, to: &bytes) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
