/// A stored file as a piece of an object. A PUT makes an object of one segment (of none, when it is empty), a multipart
/// upload one a part: completing it moves no bytes.
struct Segment: Sendable, Hashable {
  let file: FileID
  let byteCount: Int
}

extension [Segment] {
  private static var encodedByteCount: Int { FileID.byteCount + 8 }

  /// As the database keeps them: 24 bytes each, the length big-endian.
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * Self.encodedByteCount)
    for segment in self {
      bytes.append(contentsOf: segment.file.bytes)
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: segment.byteCount >> shift))
      }
    }
    return bytes
  }

  /// Nil for what `encoded` cannot have made.
  init?(encoded bytes: [UInt8]) {
    guard bytes.count.isMultiple(of: Self.encodedByteCount) else { return nil }
    self.init()
    for start in stride(from: 0, to: bytes.count, by: Self.encodedByteCount) {
      guard let file = FileID(bytes[start..<start + FileID.byteCount]) else { return nil }
      let length = bytes[start + FileID.byteCount..<start + Self.encodedByteCount].reduce(UInt64(0)) {
        $0 << 8 | UInt64($1)
      }
      guard let byteCount = Int(exactly: length) else { return nil }
      append(Segment(file: file, byteCount: byteCount))
    }
  }

  /// The pieces of the segments that make up a range of the whole, in order.
  func slices(of range: Range<Int>) -> [(file: FileID, range: Range<Int>)] {
    var slices: [(FileID, Range<Int>)] = []
    var start = 0
    for segment in self {
      let wanted = range.clamped(to: start..<start + segment.byteCount)
      if !wanted.isEmpty { slices.append((segment.file, wanted.lowerBound - start..<wanted.upperBound - start)) }
      start += segment.byteCount
    }
    return slices
  }
}
