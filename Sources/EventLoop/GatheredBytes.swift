/// Up to eight pieces of somebody's memory in order, to be written in one system call. A value for the length of a call:
/// it keeps nothing alive.
package struct GatheredBytes {
  package static let pieceCountMax = 8

  /// Pieces beyond `count` are empty.
  private var pieces = InlineArray<8, UnsafeRawBufferPointer>(repeating: UnsafeRawBufferPointer(start: nil, count: 0))
  package private(set) var count = 0
  package private(set) var byteCount = 0

  package init() {}

  package var isFull: Bool { count == GatheredBytes.pieceCountMax }

  /// Adds a piece, which is not empty, if there is room for one more.
  package mutating func append(_ piece: UnsafeRawBufferPointer) {
    guard !isFull, !piece.isEmpty else { return }
    pieces[count] = piece
    count += 1
    byteCount += piece.count
  }

  package subscript(index: Int) -> UnsafeRawBufferPointer { pieces[index] }

  /// What is left after the first `byteCount` bytes.
  package func dropFirst(_ byteCount: Int) -> GatheredBytes {
    var rest = GatheredBytes()
    var skipped = byteCount
    for index in 0..<count {
      let piece = pieces[index]
      if skipped < piece.count { rest.append(UnsafeRawBufferPointer(rebasing: piece[skipped...])) }
      skipped = max(0, skipped - piece.count)
    }
    return rest
  }

  /// The first bytes, at most `byteCount` of them.
  package func prefix(_ byteCount: Int) -> GatheredBytes {
    var first = GatheredBytes()
    for index in 0..<count where first.byteCount < byteCount {
      first.append(UnsafeRawBufferPointer(rebasing: pieces[index].prefix(byteCount - first.byteCount)))
    }
    return first
  }

  /// Copies as much as fits and says how much that is.
  package func copy(to target: UnsafeMutableRawBufferPointer) -> Int {
    var copied = 0
    for index in 0..<count where copied < target.count {
      let piece = UnsafeRawBufferPointer(rebasing: pieces[index].prefix(target.count - copied))
      UnsafeMutableRawBufferPointer(rebasing: target[copied...]).copyMemory(from: piece)
      copied += piece.count
    }
    return copied
  }
}
