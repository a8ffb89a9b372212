/// The head of a request as it goes over the wire, in memory that is used again for the next one.
struct RequestHead {
  private(set) var bytes: [UInt8] = []

  /// Replaces the head.
  /// - Throws: `.invalidRequest` for what would not be one head with these fields (RFC 9112 §3, §5).
  mutating func write(_ request: TransportRequest) throws(TransportError) {
    bytes.removeAll(keepingCapacity: true)
    // Into memory on the stack, which is not asked for room at every piece.
    let failure: TransportError? = withUnsafeTemporaryAllocation(
      of: UInt8.self, capacity: Self.byteCountMax(of: request)
    ) { memory in
      var text = Text(memory: memory)
      do throws(TransportError) { try text.write(request) } catch { return error }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: memory[..<text.byteCount]))
      return nil
    }
    if let failure { throw failure }
  }

  private static func byteCountMax(of request: TransportRequest) -> Int {
    var byteCount = request.method.utf8.count + request.target.utf8.count
    byteCount += request.endpoint?.authority.utf8.count ?? 0
    for (name, value) in request.headers { byteCount += name.utf8.count + value.utf8.count + ": \r\n".utf8.count }
    return byteCount + " HTTP/1.1\r\nHost: \r\nContent-Length: 9223372036854775807\r\n\r\n".utf8.count + 1
  }

  /// RFC 9110 §8.6: a method that expects a body says when there is none.
  private static func contentLength(_ request: TransportRequest) -> Int? {
    if case .none = request.body, request.method != "PUT", request.method != "POST" { return nil }
    return request.body.byteCount
  }

  private static func isHost(_ name: String) -> Bool { name.utf8.count == 4 && ASCII.equal(name, "host") }

  /// RFC 9110 §5.6.2: digits, letters and !#$%&'*+-.^_`|~ as a bit for each ASCII character.
  static func isTokenCharacter(_ byte: UInt8) -> Bool {
    let half: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
    return byte < 128 && half >> UInt64(byte & 63) & 1 == 1
  }

  /// RFC 9110 §5.5: nothing that would end the line. Eight bytes at a time as long as there are no control characters.
  static func isFieldValue(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let bytes = UnsafeRawBufferPointer(text)
    var index = 0
    while index + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      // Some byte is less than 0x0E ("Bit Twiddling Hacks", S. E. Anderson, "Determine if a word has a byte less than n").
      if (word &- 0x0E0E_0E0E_0E0E_0E0E) & ~word & 0x8080_8080_8080_8080 != 0 { break }
      index += 8
    }
    while index < bytes.count {
      if bytes[index] == 0x0A || bytes[index] == 0x0D || bytes[index] == 0 { return false }
      index += 1
    }
    return true
  }
}

extension RequestHead {
  /// A head on its way into memory that has room for all of it.
  private struct Text {
    let memory: UnsafeMutableBufferPointer<UInt8>
    var byteCount = 0

    mutating func write(_ request: TransportRequest) throws(TransportError) {
      guard !request.method.isEmpty, append(request.method, where: { $0.allSatisfy(isTokenCharacter) }) else {
        throw .invalidRequest("method \"\(request.method)\"")
      }
      append(" ")
      guard append(request.target, where: { $0.allSatisfy { $0 > 0x20 && $0 != 0x7F } }) else {
        throw .invalidRequest("URL")
      }
      append(" HTTP/1.1\r\n")
      if let authority = request.endpoint?.authority, !request.headers.contains(where: { isHost($0.name) }) {
        append("Host: ")
        _ = append(authority) { _ in true }
        append("\r\n")
      }
      for (name, value) in request.headers {
        guard !name.isEmpty, append(name, where: { $0.allSatisfy(isTokenCharacter) }) else {
          throw .invalidRequest("header \"\(name)\"")
        }
        append(value.isEmpty ? ":" : ": ")
        guard append(value, where: isFieldValue) else { throw .invalidRequest("header \"\(name)\"") }
        append("\r\n")
      }
      if let contentLength = contentLength(request) {
        append("Content-Length: ")
        _ = append(String(contentLength)) { _ in true }
        append("\r\n")
      }
      append("\r\n")
    }

    private mutating func append(_ text: StaticString) {
      append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    private mutating func append(_ text: String, where isAllowed: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
      text.withBytes { text in
        guard isAllowed(text) else { return false }
        append(text)
        return true
      }
    }

    @inline(__always)
    private mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
      precondition(text.count <= memory.count - byteCount, "a head is larger than was counted")
      _ = UnsafeMutableBufferPointer(rebasing: memory[byteCount...]).update(fromContentsOf: text)
      byteCount += text.count
    }
  }
}
