/// The ways in which a form's names are percent-encoded.
enum MultipartEscapes {
  /// Undoes `%22 %0D %0A` and nothing else: browsers send a percent sign as itself.
  static func decodingBrowserEscapes(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(ASCII.percent) else { return bytes }
    return decode(bytes[...], where: { $0 == ASCII.quote || $0 == .carriageReturn || $0 == .lineFeed })
  }

  /// - Returns: nil unless every percent sign starts an escape and what comes out is UTF-8 without control characters
  ///   other than the line breaks that browsers escape; a name like `50%off.png` is left alone so.
  static func decodingUTF8(_ bytes: [UInt8]) -> String? {
    guard bytes.contains(ASCII.percent), let octets = decode(bytes[...]) else { return nil }
    let hasControls = octets.contains { ($0 < 0x20 && $0 != .carriageReturn && $0 != .lineFeed) || $0 == 0x7f }
    return hasControls ? nil : String(validating: octets, as: UTF8.self)
  }

  /// - Returns: nil when a percent sign does not start an escape.
  static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var isWellFormed = true
    let octets = decode(bytes, where: { _ in true }, otherwise: { isWellFormed = false })
    return isWellFormed ? octets : nil
  }

  private static func decode(
    _ bytes: ArraySlice<UInt8>, where isDecoded: (UInt8) -> Bool, otherwise: () -> Void = {}
  ) -> [UInt8] {
    var octets: [UInt8] = []
    octets.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      if bytes[index] == ASCII.percent {
        if index + 2 < bytes.endIndex, let high = ASCII.hexDigit(bytes[index + 1]),
          let low = ASCII.hexDigit(bytes[index + 2]), isDecoded(high << 4 | low)
        {
          octets.append(high << 4 | low)
          index += 3
          continue
        }
        otherwise()
      }
      octets.append(bytes[index])
      index += 1
    }
    return octets
  }
}
