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
    guard let mediaType = MediaType(parsing: contentType) else {
      let essence = "multipart/form-data"
      guard ASCII.equalsIgnoringCase(contentType.prefix(essence.count), essence) else { throw .notMultipart }
      throw .malformedBoundary("the header is not a media type with parameters, each once")
    }
    try self.init(mediaType)
  }

  /// As ``init(contentType:)``, for those who have read the header already.
  package init(_ mediaType: MediaType) throws(MultipartError) {
    guard mediaType.type == "multipart", mediaType.subtype == "form-data" else { throw .notMultipart }
    guard let boundary = mediaType.parameters["boundary"] else { throw .malformedBoundary("it is missing") }
    try self.init(Array(boundary.utf8))
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
