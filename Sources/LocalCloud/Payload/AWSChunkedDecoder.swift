/// Takes the aws-chunked framing off a body: a pure machine, spans in, ranges of them out.
///
/// S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks" and
/// "Trailing checksums". It says what the signatures are; whether they are right is the caller's to find out.
struct AWSChunkedDecoder: Sendable {
  enum Event: Sendable, Equatable {
    /// A chunk of so many bytes begins; the last one has none.
    case chunk(byteCount: Int, signature: String?)
    /// Bytes of the payload: a range of the span given.
    case data(Range<Int>)
    case chunkEnd
    /// A field after the last chunk, its name in lower case.
    case trailer(name: String, value: String)
    case end
  }

  /// Sixteen digits and `;chunk-signature=` with 64 more are 97.
  static let chunkLineByteCountMax = 256
  static let trailerLineByteCountMax = 1024
  static let trailerCountMax = 16
  /// 5 GiB in hexadecimal is nine digits.
  private static let sizeDigitCountMax = 12

  private enum State: Sendable, Equatable {
    case chunkLine
    case data(remaining: Int)
    /// CR LF after a chunk's data; so many of them seen.
    case dataEnd(seen: Int)
    case trailerLine
    case ended
  }

  private let isSigned: Bool
  private let hasTrailer: Bool
  private var state = State.chunkLine
  private var line: [UInt8] = []
  private var trailerCount = 0

  init(isSigned: Bool, hasTrailer: Bool) {
    self.isSigned = isSigned
    self.hasTrailer = hasTrailer
  }

  /// Whether the body may end here.
  var isComplete: Bool { state == .ended }

  /// The next event in `bytes` from `position` on, which moves behind what was used. Nil when more bytes are needed.
  mutating func next(in bytes: Span<UInt8>, at position: inout Int) throws(AWSChunkedError) -> Event? {
    while position < bytes.count {
      switch state {
      case .chunkLine:
        guard try readLine(in: bytes, at: &position, upTo: Self.chunkLineByteCountMax) else { return nil }
        return try beginChunk()
      case .data(let remaining):
        let end = position + min(remaining, bytes.count - position)
        defer { position = end }
        state = remaining == end - position ? .dataEnd(seen: 0) : .data(remaining: remaining - (end - position))
        return .data(position..<end)
      case .dataEnd(let seen):
        guard bytes[position] == (seen == 0 ? 0x0D : 0x0A) else { throw .malformed("no line end after a chunk") }
        position += 1
        state = seen == 0 ? .dataEnd(seen: 1) : .chunkLine
        if seen == 1 { return .chunkEnd }
      case .trailerLine:
        guard try readLine(in: bytes, at: &position, upTo: Self.trailerLineByteCountMax) else { return nil }
        return try endOrTrailer()
      case .ended:
        throw .malformed("bytes after the end")
      }
    }
    return nil
  }

  /// Gathers a line, without its end. True when it is whole.
  private mutating func readLine(
    in bytes: Span<UInt8>, at position: inout Int, upTo byteCountMax: Int
  ) throws(AWSChunkedError) -> Bool {
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == 0x0A, line.last == 0x0D {
        line.removeLast()
        return true
      }
      guard line.count < byteCountMax else { throw .tooLong }
      line.append(byte)
    }
    return false
  }

  private mutating func beginChunk() throws(AWSChunkedError) -> Event {
    defer { line.removeAll(keepingCapacity: true) }
    let digits = line.prefix { $0 != UInt8(ascii: ";") }
    guard !digits.isEmpty, digits.count <= Self.sizeDigitCountMax,
      let byteCount = Int(String(decoding: digits, as: UTF8.self), radix: 16), digits[0] != UInt8(ascii: "+"),
      digits[0] != UInt8(ascii: "-")
    else { throw .malformed("a chunk's size is not hexadecimal") }
    let signature = try signature(in: line.dropFirst(digits.count))
    state = byteCount > 0 ? .data(remaining: byteCount) : .trailerLine
    return .chunk(byteCount: byteCount, signature: signature)
  }

  private func signature(in extensions: ArraySlice<UInt8>) throws(AWSChunkedError) -> String? {
    let prefix = ";chunk-signature="
    guard isSigned else {
      if extensions.isEmpty { return nil }
      throw .signature("a chunk is signed, but the request does not say so")
    }
    guard extensions.starts(with: prefix.utf8) else { throw .signature("a chunk is not signed") }
    let signature = extensions.dropFirst(prefix.utf8.count)
    guard signature.count == 64 else { throw .signature("a chunk's signature is not 64 hexadecimal digits") }
    return String(decoding: signature, as: UTF8.self)
  }

  private mutating func endOrTrailer() throws(AWSChunkedError) -> Event? {
    defer { line.removeAll(keepingCapacity: true) }
    // Some SDKs end a trailer's value with a LF of its own before the line's end.
    while let last = line.last, last == 0x0A || last == 0x0D || last == 0x20 || last == 0x09 { line.removeLast() }
    if line.isEmpty {
      state = .ended
      return .end
    }
    trailerCount += 1
    guard hasTrailer else { throw .malformed("a trailer that was not announced") }
    guard trailerCount <= Self.trailerCountMax else { throw .tooLong }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else {
      throw .malformed("a trailer without a name")
    }
    let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
    return .trailer(
      name: String(decoding: line[..<colon], as: UTF8.self).lowercased(),
      value: String(decoding: value, as: UTF8.self))
  }
}
