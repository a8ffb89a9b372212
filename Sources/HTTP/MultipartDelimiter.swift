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
  /// By the first byte of a pair, then by its second: where such a pair ends in the delimiter, a bit for each place,
  /// modulo 8. Small, since every upload makes one: more bits would hardly make fewer pairs look like the delimiter's.
  private let pairEnds: [UInt8]

  init(boundary: MultipartBoundary) {
    bytes = [.carriageReturn, .lineFeed, .dash, .dash] + boundary.bytes
    var pairEnds = [UInt8](repeating: 0, count: 512)
    for (index, byte) in bytes.enumerated() {
      pairEnds[Int(byte)] |= 1 << UInt8((index + 1) % 8)
      pairEnds[256 + Int(byte)] |= 1 << UInt8(index % 8)
    }
    self.pairEnds = pairEnds
  }

  /// The first place at or after `offset` where the delimiter stands, or where the input ends within it.
  /// - Returns: where it starts and how many of its bytes are there; the end of the input and 0 when it is nowhere.
  func firstCandidate(in input: Span<UInt8>, from offset: Int) -> (start: Int, matched: Int) {
    input.withUnsafeBytes { input in
      let stride = bytes.count - 1
      // The last pair of a delimiter that starts at `offset`.
      var pair = offset + stride - 1
      while true {
        pair = nextPair(in: input, from: pair)
        guard pair + 1 < input.count else { return beginning(in: input, from: pair + 1 - stride) }
        if let start = start(in: input, between: pair + 1 - stride, and: pair) {
          return (start, min(bytes.count, input.count - start))
        }
        pair += stride
      }
    }
  }

  /// The first pair that occurs in the delimiter, or one beyond the input's end, looking from `pair` on at every
  /// (m - 1)th. Four at a time, since hardly any does.
  private func nextPair(in input: UnsafeRawBufferPointer, from pair: Int) -> Int {
    guard let base = input.baseAddress, pair + 1 < input.count else { return pair }
    return pairEnds.withUnsafeBufferPointer { pairEnds in
      // The table is as long as two bytes can index, and every place looked at lies before the input's last byte.
      let firsts = pairEnds.baseAddress.unsafelyUnwrapped
      let seconds = firsts + 256
      func ends(_ place: UnsafeRawPointer) -> UInt8 {
        firsts[Int(place.load(as: UInt8.self))] & seconds[Int(place.load(fromByteOffset: 1, as: UInt8.self))]
      }
      let stride = bytes.count &- 1
      var pair = pair
      let lastQuad = input.count &- 1 &- 3 &* stride
      while pair < lastQuad {
        let place = base + pair
        let found =
          ends(place) | ends(place + stride) | ends(place + 2 &* stride) | ends(place + 3 &* stride)
        if found != 0 { break }
        pair &+= 4 &* stride
      }
      while pair &+ 1 < input.count, ends(base + pair) == 0 { pair &+= stride }
      return pair
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
