/// Writes the XML of S3's answers.
struct XMLWriter: Sendable {
  static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

  private(set) var bytes = Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".utf8)

  /// - Parameter namespace: Of a root element of the S3 schema.
  mutating func element(_ name: String, namespace: String? = nil, _ content: (inout XMLWriter) -> Void) {
    bytes.append(UInt8(ascii: "<"))
    bytes.append(contentsOf: name.utf8)
    if let namespace { bytes.append(contentsOf: " xmlns=\"\(namespace)\"".utf8) }
    bytes.append(UInt8(ascii: ">"))
    content(&self)
    close(name)
  }

  mutating func element(_ name: String, _ text: String) {
    bytes.append(UInt8(ascii: "<"))
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: ">"))
    append(text)
    close(name)
  }

  mutating func element(_ name: String, _ number: Int) { element(name, String(number)) }

  mutating func element(_ name: String, _ flag: Bool) { element(name, flag ? "true" : "false") }

  private mutating func close(_ name: String) {
    bytes.append(contentsOf: "</".utf8)
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: ">"))
  }

  private mutating func append(_ text: String) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): bytes.append(contentsOf: "&amp;".utf8)
      case UInt8(ascii: "<"): bytes.append(contentsOf: "&lt;".utf8)
      case UInt8(ascii: ">"): bytes.append(contentsOf: "&gt;".utf8)
      case UInt8(ascii: "\""): bytes.append(contentsOf: "&quot;".utf8)
      // A parser would read a bare CR as LF. The rest of the controls XML 1.0 cannot say at all; S3 writes
      // them so, and clients that have such keys ask for encoding-type=url.
      case 0..<0x20: bytes.append(contentsOf: "&#\(byte);".utf8)
      default: bytes.append(byte)
      }
    }
  }
}
