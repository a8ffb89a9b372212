/// Decodes base64 (RFC 4648 §4: the standard alphabet, padded) a character at a time, so that an image in JSON need not
/// be held.
struct Base64Decoder {
  private var quantum: UInt32 = 0
  private var digitCount = 0
  private var paddingCount = 0
  private var hasEnded = false

  /// - Parameter output: Gets the bytes that are complete.
  /// - Returns: False when the character cannot stand there.
  @inline(__always)
  mutating func take(_ character: UInt8, into output: inout [UInt8]) -> Bool {
    guard let digit = Base64Decoder.value(of: character) else { return takePadding(character, into: &output) }
    guard paddingCount == 0 else { return false }
    quantum = quantum << 6 | UInt32(digit)
    digitCount += 1
    if digitCount == 4 {
      output.append(UInt8(truncatingIfNeeded: quantum >> 16))
      output.append(UInt8(truncatingIfNeeded: quantum >> 8))
      output.append(UInt8(truncatingIfNeeded: quantum))
      (quantum, digitCount) = (0, 0)
    }
    return true
  }

  private mutating func takePadding(_ character: UInt8, into output: inout [UInt8]) -> Bool {
    guard character == UInt8(ascii: "="), digitCount >= 2, !hasEnded else { return false }
    paddingCount += 1
    guard digitCount + paddingCount == 4 else { return true }
    hasEnded = true
    // §3.5: bits that belong to no byte are zero; else one image would have several texts.
    if digitCount == 2 {
      output.append(UInt8(truncatingIfNeeded: quantum >> 4))
      return quantum & 0xF == 0
    }
    output.append(UInt8(truncatingIfNeeded: quantum >> 10))
    output.append(UInt8(truncatingIfNeeded: quantum >> 2))
    return quantum & 0x3 == 0
  }

  /// Whether the text may end here.
  var isComplete: Bool { hasEnded || digitCount == 0 }

  @inline(__always)
  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
