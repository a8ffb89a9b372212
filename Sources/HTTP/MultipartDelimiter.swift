/// `CRLF "--" boundary` (RFC 2046 5.1.1) and the search for it.
///
/// A boundary holds no CR, so the delimiter's first byte occurs nowhere else in it. Two things follow: a failed match
/// never has to be resumed anywhere but at the byte that failed it, and comparing wherever a CR stands is linear in the
/// input.
struct MultipartDelimiter: Sendable {
  let bytes: [UInt8]
  /// By a byte: how far a window of the delimiter's length that ends in it can be moved on (Horspool), 0 for the
  /// delimiter's own last byte. A photo's bytes are mostly none of the delimiter's, so that few of them are looked at.
  private let steps: [UInt8]
  /// How far a window can be moved on that ends as the delimiter does and is not it.
  private let stepAfterMismatch: Int

  /// RFC 2046 5.1.1 allows boundaries of 70 characters, so that a step is less than 256.
  init(boundary: MultipartBoundary) {
    bytes = [.carriageReturn, .lineFeed, .dash, .dash] + boundary.bytes
    var steps = [UInt8](repeating: UInt8(bytes.count), count: 256)
    for index in 0..<bytes.count - 1 { steps[Int(bytes[index])] = UInt8(bytes.count - 1 - index) }
    let last = Int(bytes[bytes.count - 1])
    stepAfterMismatch = Int(steps[last])
    steps[last] = 0
    self.steps = steps
  }

  /// The first place at or after `offset` where the delimiter stands, or where the input ends within it.
  /// - Returns: where it starts and how many of its bytes are there; the end of the input and 0 when it is nowhere.
  func firstCandidate(in input: Span<UInt8>, from offset: Int) -> (start: Int, matched: Int) {
    input.withUnsafeBytes { input in
      steps.withUnsafeBufferPointer { steps in
        var end = offset + bytes.count - 1
        while end < input.count {
          let step = Int(steps[Int(input[end])])
          if step > 0 {
            end += step
            continue
          }
          let start = end + 1 - bytes.count
          if input[start] == .carriageReturn, matchedByteCount(in: input, at: start) == bytes.count {
            return (start, bytes.count)
          }
          end += stepAfterMismatch
        }
        return beginning(in: input, from: end + 1 - bytes.count)
      }
    }
  }

  /// Where the input ends within the delimiter.
  private func beginning(in input: UnsafeRawBufferPointer, from offset: Int) -> (start: Int, matched: Int) {
    var offset = offset
    while offset < input.count {
      guard input[offset] == .carriageReturn else {
        offset += 1
        continue
      }
      let matched = matchedByteCount(in: input, at: offset)
      if offset + matched == input.count { return (offset, matched) }
      offset += matched
    }
    return (input.count, 0)
  }

  private func matchedByteCount(in input: UnsafeRawBufferPointer, at start: Int) -> Int {
    let available = min(bytes.count, input.count - start)
    var matched = 1
    while matched < available, input[start + matched] == bytes[matched] { matched += 1 }
    return matched
  }
}
