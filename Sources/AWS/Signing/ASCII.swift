/// Header names compare without regard to case, and are ASCII: no Unicode tables are needed for that.
enum ASCII {
  static func lowercased(_ byte: UInt8) -> UInt8 {
    byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
  }

  static func equal(_ left: String, _ right: String) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    return left.withBytes { left in
      right.withBytes { right in left.elementsEqual(right) { lowercased($0) == lowercased($1) } }
    }
  }

  static func precedes(_ left: String, _ right: String) -> Bool {
    left.withBytes { left in
      right.withBytes { right in left.lexicographicallyPrecedes(right) { lowercased($0) < lowercased($1) } }
    }
  }

  static func appendLowercased(_ text: String, to bytes: inout [UInt8]) {
    let start = bytes.count
    text.withBytes { bytes.append(contentsOf: $0) }
    for index in start..<bytes.count { bytes[index] = lowercased(bytes[index]) }
  }

  static func isWhitespace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte)
  }

  static func trimmed(_ text: some StringProtocol) -> String {
    // By bytes: a space and a combining mark after it are one character, but only one of them is white space.
    let bytes = Substring(text).utf8
    guard let first = bytes.firstIndex(where: { !isWhitespace($0) }),
      let last = bytes.lastIndex(where: { !isWhitespace($0) })
    else { return "" }
    return String(Substring(bytes[first...last]))
  }
}

extension String {
  /// These, one after the other. At every `+=` a string looks for room anew, and at what it has been given.
  init(joining pieces: [String]) {
    self.init(unsafeUninitializedCapacity: pieces.reduce(0) { $0 + $1.utf8.count }) { text in
      var count = 0
      for piece in pieces {
        piece.withBytes { bytes in
          _ = UnsafeMutableBufferPointer(rebasing: text[count...]).update(fromContentsOf: bytes)
          count += bytes.count
        }
      }
      return count
    }
  }

  /// Lends its bytes: a loop over a pointer takes a fraction of what one over `utf8` does. Only strings that come from
  /// elsewhere than Swift are copied for it.
  @inline(__always)
  func withBytes<T>(_ body: (UnsafeBufferPointer<UInt8>) -> T) -> T {
    if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
    return Array(utf8).withUnsafeBufferPointer(body)
  }
}
