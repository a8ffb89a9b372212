/// Bounds in the order keys are kept in: byte by byte.
enum ByteOrder {
  /// Above every key: 0xFF does not occur in UTF-8.
  static let end: [UInt8] = [0xFF]

  /// The least run of bytes above everything that begins with `prefix`.
  static func afterAll(beginningWith prefix: [UInt8]) -> [UInt8] {
    // No byte of UTF-8 is 0xFF, so the last one can be raised.
    guard let last = prefix.last, last < 0xFF else { return end }
    return prefix.dropLast() + [last + 1]
  }

  /// The least run of bytes above `key`.
  static func next(after key: [UInt8]) -> [UInt8] { key + [0] }

  static func max(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    left.lexicographicallyPrecedes(right) ? right : left
  }
}
