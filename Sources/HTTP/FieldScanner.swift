/// Reads the pieces that structured header fields are made of (RFC 9110 §5.6).
struct FieldScanner {
  private let bytes: [UInt8]
  private var position = 0

  init(_ value: String) { bytes = Array(value.utf8) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  var isAtEnd: Bool { position == bytes.count }

  func isNext(_ byte: UInt8) -> Bool { next == byte }

  /// At the end of a list's element (§5.6.1).
  var isAtElementEnd: Bool { isAtEnd || next == ASCII.comma }

  /// Goes behind the next comma that is not within quotes.
  mutating func skipToNextElement() {
    while let byte = next {
      if byte == ASCII.quote, quotedString() != nil { continue }
      position = min(position + 1, bytes.count)
      if byte == ASCII.comma { return }
    }
  }

  mutating func skipBlanks() {
    while let next, ASCII.isBlank(next) { position += 1 }
  }

  /// - Returns: Whether that byte came next.
  mutating func skip(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  /// `token` (§5.6.2).
  mutating func token() -> String? {
    let start = position
    while let next, ASCII.isToken(next) { position += 1 }
    return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
  }

  /// `quoted-string` (§5.6.4), unquoted.
  mutating func quotedString() -> String? {
    guard skip(ASCII.quote) else { return nil }
    var value: [UInt8] = []
    while let byte = next {
      position += 1
      if byte == ASCII.quote { return String(decoding: value, as: UTF8.self) }
      if byte == ASCII.backslash {
        guard let escaped = next else { return nil }
        position += 1
        value.append(escaped)
      } else {
        value.append(byte)
      }
    }
    return nil
  }

  /// `*( OWS ";" OWS [ name "=" ( token / quoted-string ) ] )` (§5.6.6) up to the end.
  /// - Returns: `nil` when there is anything else, or a name comes twice.
  mutating func parameters() -> [String: String]? {
    var parameters: [String: String] = [:]
    while true {
      skipBlanks()
      guard next != nil else { return parameters }
      guard skip(ASCII.semicolon) else { return nil }
      skipBlanks()
      guard let name = token()?.lowercased() else { continue }
      guard skip(ASCII.equals), let value = next == ASCII.quote ? quotedString() : token(),
        parameters.updateValue(value, forKey: name) == nil
      else { return nil }
    }
  }
}
