/// Percent-decoding (RFC 3986 §2.1), exactly once: decoding a second time turns data into syntax.
package enum PercentEncoding {
  /// - Parameter plusIsSpace: As in `application/x-www-form-urlencoded`; elsewhere a plus sign is a plus sign.
  /// - Returns: `nil` when a percent sign is not followed by two hexadecimal digits.
  package static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> [UInt8]? {
    var output: [UInt8] = []
    output.reserveCapacity(text.utf8.count)
    var bytes = text.utf8.makeIterator()
    while let byte = bytes.next() {
      if byte == ASCII.percent {
        guard let high = bytes.next().flatMap(ASCII.hexDigit), let low = bytes.next().flatMap(ASCII.hexDigit) else {
          return nil
        }
        output.append(high << 4 | low)
      } else {
        output.append(plusIsSpace && byte == ASCII.plus ? ASCII.space : byte)
      }
    }
    return output
  }

  /// As `decode`, for text; also `nil` when the bytes are not UTF-8.
  package static func decodeString(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
    decode(text, plusIsSpace: plusIsSpace).flatMap { String(validating: $0, as: UTF8.self) }
  }
}
