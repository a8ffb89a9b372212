/// What SQS takes in a message's text: what XML 1.0 does (§2.2), `#x9 | #xA | #xD | #x20–#xD7FF | #xE000–#xFFFD |
/// #x10000–#x10FFFF`.
enum MessageText {
  static func isValid(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var index = 0
      while index < bytes.count {
        let byte = bytes[index]
        if byte < 0x20, byte != 0x09, byte != 0x0A, byte != 0x0D { return false }
        // U+FFFE and U+FFFF are EF BF BE and EF BF BF; surrogates do not occur in a Swift string.
        if byte == 0xEF, index + 2 < bytes.count, bytes[index + 1] == 0xBF, bytes[index + 2] >= 0xBE { return false }
        index += 1
      }
      return true
    }
  }
}
