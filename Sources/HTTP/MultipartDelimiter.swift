/// `CRLF "--" boundary` (RFC 2046 5.1.1) and the search for it.
///
/// A boundary holds no CR, so the delimiter's first byte occurs nowhere else in it. Two things follow: a failed match
/// never has to be resumed anywhere but at the byte that failed it, and comparing wherever a CR stands is linear in the
/// input.
///
/// Of m bytes in a row m - 1 neighbours are pairs, so that looking at every (m - 1)th pair of the input misses no
/// delimiter. Of the pairs in a photo hardly any occurs in it; around one that does, the CR is looked for. Unlike with
/// skips that depend on what was read (Horspool), the next place to look at is known beforehand: three times as fast.
struct MultipartDelimiter: Sendable {
  let bytes: [UInt8]
  /// By a byte: where it stands in the delimiter, a bit for each place, modulo 32.
  private let places: [UInt32]

  init(boundary: MultipartBoundary) {
    bytes = [.carriageReturn, .lineFeed, .dash, .dash] + boundary.bytes
    var places = [UInt32](repeating: 0, count: 256)
    for (index, byte) in bytes.enumerated() { places[Int(byte)] |= 1 << UInt32(index % 32) }
    self.places = places
  }

  /// The first place at or after `offset` where the delimiter stands, or where the input ends within it.
  /// - Returns: where it starts and how many of its bytes are there; the end of the input and 0 when it is nowhere.
  func firstCandidate(in input: Span<UInt8>, from offset: Int) -> (start: Int, matched: Int) {
    input.withUnsafeBytes { input in
      places.withUnsafeBufferPointer { places in
        let stride = bytes.count - 1
        // The last pair of a delimiter that starts at `offset`.
        var pair = offset + stride - 1
        while pair + 1 < input.count {
          let first = places[Int(input[pair])]
          let second = places[Int(input[pair + 1])]
          if (first << 1 | first >> 31) & second != 0,
            let start = start(in: input, between: pair + 1 - stride, and: pair)
          {
            return (start, min(bytes.count, input.count - start))
          }
          pair += stride
        }
        return beginning(in: input, from: pair + 1 - stride)
      }
    }
  }

  /// Where the delimiter starts, or does as far as the input goes.
  private func start(in input: UnsafeRawBufferPointer, between lower: Int, and upper: Int) -> Int? {
    for start in lower...upper where input[start] == .carriageReturn {
      if matchedByteCount(in: input, at: start) == min(bytes.count, input.count - start) { return start }
    }
    return nil
  }

  /// Where the input ends within the delimiter.
  private func beginning(in input: UnsafeRawBufferPointer, from offset: Int) -> (start: Int, matched: Int) {
    guard offset < input.count, let start = start(in: input, between: offset, and: input.count - 1) else {
      return (input.count, 0)
    }
    return (start, input.count - start)
  }

  private func matchedByteCount(in input: UnsafeRawBufferPointer, at start: Int) -> Int {
    let available = min(bytes.count, input.count - start)
    var matched = 1
    while matched < available, input[start + matched] == bytes[matched] { matched += 1 }
    return matched
  }
}
