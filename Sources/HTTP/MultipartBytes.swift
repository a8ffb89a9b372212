/// Names for the bytes that the parser's states are switched on.
extension UInt8 {
  static let tab = ASCII.tab
  static let lineFeed = ASCII.lf
  static let carriageReturn = ASCII.cr
  static let space = ASCII.space
  static let dash = UInt8(ascii: "-")

  /// Of the bytes that no header's text has: all below the space but the tab, and DEL.
  @inline(__always)
  var isControl: Bool { self < .space && self != .tab || self == ASCII.delete }
}

extension ArraySlice<UInt8> {
  /// In lower case. Bytes beyond ASCII become U+FFFD.
  var lowercasedASCIIText: String { String(decoding: lazy.map(ASCII.lowercased), as: UTF8.self) }

  /// Whether it is this text, which is in lower case, but for the case of letters.
  func isASCIIText(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    return elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: count)) { ASCII.lowercased($0) == $1 }
  }

  var trimmingBlanks: ArraySlice<UInt8> {
    var slice = self
    while let byte = slice.first, ASCII.isBlank(byte) { slice = slice.dropFirst() }
    while let byte = slice.last, ASCII.isBlank(byte) { slice = slice.dropLast() }
    return slice
  }
}
