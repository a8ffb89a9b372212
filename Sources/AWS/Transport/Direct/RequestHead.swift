/// The head of a request as it goes over the wire, in memory that is used again for the next one.
struct RequestHead {
  private(set) var bytes: [UInt8] = []

  /// Replaces the head.
  /// - Throws: `.invalidRequest` for what would not be one head with these fields (RFC 9112 §3, §5).
  mutating func write(_ request: TransportRequest) throws(TransportError) {
    bytes.removeAll(keepingCapacity: true)
    guard !request.method.isEmpty, append(request.method, where: Self.isTokenCharacter) else {
      throw .invalidRequest("method \"\(request.method)\"")
    }
    append(" ")
    guard append(request.target, where: { $0 > 0x20 && $0 != 0x7F }) else { throw .invalidRequest("URL") }
    append(" HTTP/1.1\r\n")
    if let authority = request.endpoint?.authority, !request.headers.contains(where: { Self.isHost($0.name) }) {
      append("Host: ")
      bytes.append(contentsOf: authority.utf8)
      append("\r\n")
    }
    for (name, value) in request.headers {
      guard !name.isEmpty, append(name, where: Self.isTokenCharacter) else {
        throw .invalidRequest("header \"\(name)\"")
      }
      append(value.isEmpty ? ":" : ": ")
      guard append(value, where: { $0 != 0x0A && $0 != 0x0D && $0 != 0 }) else {
        throw .invalidRequest("header \"\(name)\"")
      }
      append("\r\n")
    }
    if let byteCount = Self.contentLength(request) {
      append("Content-Length: ")
      bytes.append(contentsOf: String(byteCount).utf8)
      append("\r\n")
    }
    append("\r\n")
  }

  /// RFC 9110 §8.6: a method that expects a body says when there is none.
  private static func contentLength(_ request: TransportRequest) -> Int? {
    if case .none = request.body, request.method != "PUT", request.method != "POST" { return nil }
    return request.body.byteCount
  }

  private static func isHost(_ name: String) -> Bool { name.utf8.count == 4 && ASCII.equal(name, "host") }

  private mutating func append(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  @inline(__always)
  private mutating func append(_ text: String, where isAllowed: (UInt8) -> Bool) -> Bool {
    text.withBytes { text in
      guard text.allSatisfy(isAllowed) else { return false }
      bytes.append(contentsOf: text)
      return true
    }
  }

  /// RFC 9110 §5.6.2: digits, letters and !#$%&'*+-.^_`|~ as a bit for each ASCII character.
  static func isTokenCharacter(_ byte: UInt8) -> Bool {
    let half: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
    return byte < 128 && half >> UInt64(byte & 63) & 1 == 1
  }
}
