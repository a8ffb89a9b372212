import Glibc

/// `CRLF "--" boundary` (RFC 2046 5.1.1) and the search for it.
///
/// A boundary holds no CR, so the delimiter's first byte occurs nowhere else in it. Two things follow: a failed match
/// never has to be resumed anywhere but at the byte that failed it, and comparing at every CR is linear in the input.
struct MultipartDelimiter: Sendable {
  let bytes: [UInt8]

  init(boundary: MultipartBoundary) {
    bytes = [.carriageReturn, .lineFeed, .dash, .dash] + boundary.bytes
  }

  /// The first place at or after `offset` where the delimiter stands, or where the input ends within it.
  /// - Returns: where it starts and how many of its bytes are there; the end of the input and 0 when it is nowhere.
  func firstCandidate(in input: Span<UInt8>, from offset: Int) -> (start: Int, matched: Int) {
    input.withUnsafeBytes { input in
      guard let base = input.baseAddress else { return (0, 0) }
      var offset = offset
      while offset < input.count, let hit = memchr(base + offset, Int32(UInt8.carriageReturn), input.count - offset) {
        let start = UnsafeRawPointer(hit) - base
        let matched = matchedByteCount(in: input, at: start)
        if matched == bytes.count || start + matched == input.count { return (start, matched) }
        offset = start + matched
        // A call of memchr for every byte of a body of CRs would cost 5 ns each: step over a block first that holds no
        // start of a delimiter.
        if Self.hasNoStart(in: input, at: offset) { offset += Self.stride }
      }
      return (input.count, 0)
    }
  }

  private func matchedByteCount(in input: UnsafeRawBufferPointer, at start: Int) -> Int {
    let available = min(bytes.count, input.count - start)
    var matched = 1
    while matched < available, input[start + matched] == bytes[matched] { matched += 1 }
    return matched
  }

  private typealias Block = SIMD32<UInt8>
  private static let stride = Block.scalarCount

  /// Whether `CRLF "-"` starts nowhere in the block at `offset`; false when the input is too short to tell.
  private static func hasNoStart(in input: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    guard offset + stride + 2 <= input.count else { return false }
    let first = input.loadUnaligned(fromByteOffset: offset, as: Block.self)
    let second = input.loadUnaligned(fromByteOffset: offset + 1, as: Block.self)
    let third = input.loadUnaligned(fromByteOffset: offset + 2, as: Block.self)
    return !any(
      (first .== Block(repeating: .carriageReturn)) .& (second .== Block(repeating: .lineFeed))
        .& (third .== Block(repeating: .dash)))
  }
}
