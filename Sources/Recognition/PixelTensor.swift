/// A square RGB picture as the model takes it: rows, columns, channels (NHWC, N = 1), 8 bits each.
package struct PixelTensor: Sendable, Equatable {
  package let side: Int
  /// `side * side * 3` bytes.
  package let bytes: [UInt8]

  package init(side: Int, bytes: [UInt8]) {
    precondition(bytes.count == side * side * 3, "a tensor of side \(side) has \(side * side * 3) bytes")
    self.side = side
    self.bytes = bytes
  }
}
