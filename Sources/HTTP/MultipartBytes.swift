/// Names for the bytes that the parser's states are switched on.
extension UInt8 {
  static let tab = ASCII.tab
  static let lineFeed = ASCII.lf
  static let carriageReturn = ASCII.cr
  static let space = ASCII.space
  static let dash = UInt8(ascii: "-")
}

extension Collection<UInt8> {
  var lowercasedASCII: [UInt8] { map(ASCII.lowercased) }
}

extension ArraySlice<UInt8> {
  var trimmingBlanks: [UInt8] {
    var slice = self
    while let byte = slice.first, ASCII.isBlank(byte) { slice.removeFirst() }
    while let byte = slice.last, ASCII.isBlank(byte) { slice.removeLast() }
    return Array(slice)
  }
}
