import EventLoop

/// Reads a BYTES tensor of the binary tensor data extension while it comes: each element is four bytes of its length,
/// little-endian, and the element. No element's length is believed further than the tensor's bytes reach.
@LoopActor
struct BinaryTensorParser {
  private static let prefixByteCount = 4

  private let elementCount: Int
  private var elementNumber = 0
  /// Of the tensor, still to come.
  private var restByteCount: Int
  private var length = 0
  private var lengthByteCount = 0
  /// Of the element that is being read, still to come.
  private var elementRestByteCount: Int?

  /// - Parameters:
  ///   - elementCount: By the tensor's shape.
  ///   - byteCount: Its `binary_data_size`.
  init(elementCount: Int, byteCount: Int) {
    self.elementCount = elementCount
    restByteCount = byteCount
  }

  mutating func consume(_ bytes: Span<UInt8>, _ visitor: some TensorVisitor) throws(SubmissionError) {
    guard bytes.count <= restByteCount else { throw mismatch("more bytes come than binary_data_size says") }
    var index = 0
    while index < bytes.count {
      if let rest = elementRestByteCount {
        let count = min(rest, bytes.count - index)
        try visitor.elementReceived(bytes.extracting(index..<index + count))
        index += count
        restByteCount -= count
        try goOn(rest - count, visitor)
      } else {
        length |= Int(bytes[index]) << (8 * lengthByteCount)
        lengthByteCount += 1
        index += 1
        restByteCount -= 1
        if lengthByteCount == BinaryTensorParser.prefixByteCount { try beginElement(visitor) }
      }
    }
  }

  private mutating func beginElement(_ visitor: some TensorVisitor) throws(SubmissionError) {
    guard elementNumber < elementCount else { throw mismatch("there are more elements than its shape says") }
    guard length <= restByteCount else { throw mismatch("an element is longer than what is left of the tensor") }
    elementNumber += 1
    try visitor.elementBegan(byteCount: length)
    try goOn(length, visitor)
    (length, lengthByteCount) = (0, 0)
  }

  /// The rest of an element, or its end.
  private mutating func goOn(_ byteCount: Int, _ visitor: some TensorVisitor) throws(SubmissionError) {
    elementRestByteCount = byteCount > 0 ? byteCount : nil
    if byteCount == 0 { try visitor.elementEnded() }
  }

  func finish() throws(SubmissionError) {
    guard restByteCount == 0 else { throw mismatch("fewer bytes come than binary_data_size says") }
    guard lengthByteCount == 0, elementRestByteCount == nil, elementNumber == elementCount else {
      throw mismatch("there are fewer elements than its shape says")
    }
  }

  private func mismatch(_ reason: String) -> SubmissionError { .inference(.sizeMismatch(reason)) }
}
