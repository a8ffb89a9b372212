/// The boundary of a multipart body (RFC 2046 5.1.1): 1 to 70 characters of a small ASCII set, the last not a space.
package struct MultipartBoundary: Sendable, Hashable {
  package static let byteCountMax = 70

  package let bytes: [UInt8]

  /// - Throws: ``MultipartError/malformedBoundary(_:)``.
  package init(_ bytes: [UInt8]) throws(MultipartError) {
    guard !bytes.isEmpty else { throw .malformedBoundary("it is empty") }
    guard bytes.count <= Self.byteCountMax else {
      throw .malformedBoundary("it is longer than \(Self.byteCountMax) characters")
    }
    guard bytes.allSatisfy({ $0.isBoundaryCharacter }) else {
      throw .malformedBoundary("it holds a character that RFC 2046 does not allow there")
    }
    guard bytes.last != .space else { throw .malformedBoundary("it ends in a space") }
    self.bytes = bytes
  }

  /// Takes the boundary from the value of a request's Content-Type header.
  ///
  /// Strict, since two readers who disagree on the boundary disagree on what the parts are: a boundary with characters
  /// outside of `token` must be quoted (RFC 2045 5.1), and there must be exactly one.
  /// - Throws: ``MultipartError/notMultipart`` or ``MultipartError/malformedBoundary(_:)``.
  package init(contentType: String) throws(MultipartError) {
    var parameters = MultipartParameters(Array(contentType.utf8))
    guard parameters.takeValue().lowercasedASCII == Array("multipart/form-data".utf8) else { throw .notMultipart }
    var found: [UInt8]?
    while true {
      let parameter: MultipartParameters.Parameter?
      do { parameter = try parameters.next() } catch { throw .malformedBoundary(error.reason) }
      guard let parameter else { break }
      guard parameter.name == "boundary" else { continue }
      guard found == nil else { throw .malformedBoundary("there are two of it") }
      found = parameter.value
    }
    guard let found else { throw .malformedBoundary("it is missing") }
    try self.init(found)
  }
}

extension UInt8 {
  /// `bchars` of RFC 2046 5.1.1.
  fileprivate var isBoundaryCharacter: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"),
      UInt8(ascii: "+"), UInt8(ascii: "_"), UInt8(ascii: ","), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "?"), .space:
      true
    default: false
    }
  }
}
