/// The CRC of two runs of bytes, of the CRCs of each and the length of the second, without the bytes.
///
/// For reflected CRCs that begin and end inverted, as all of S3's are. Appending n bytes multiplies the first run's CRC by
/// x^8n modulo the polynomial; the inversions cancel out. The representation is zlib's: the highest bit is x^0.
struct CRCCombination: Sendable {
  let width: Int
  /// Reflected.
  let polynomial: UInt64

  func combine(_ first: UInt64, _ second: UInt64, byteCountOfSecond byteCount: Int) -> UInt64 {
    multiply(power(of: byteCount), first) ^ second
  }

  /// As `combine`, of checksums as they are written, most significant byte first.
  func combine(_ first: [UInt8], _ second: [UInt8], byteCountOfSecond byteCount: Int) -> [UInt8] {
    let result = combine(value(first), value(second), byteCountOfSecond: byteCount)
    return stride(from: width - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: result >> UInt64($0)) }
  }

  private func value(_ bytes: [UInt8]) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

  /// x^(8 · byteCount).
  private func power(of byteCount: Int) -> UInt64 {
    var result = UInt64(1) << UInt64(width - 1)
    // x^8, by squaring x three times; x itself is the bit below the highest.
    var square = UInt64(1) << UInt64(width - 2)
    for _ in 0..<3 { square = multiply(square, square) }
    var rest = byteCount
    while rest > 0 {
      if rest & 1 == 1 { result = multiply(square, result) }
      square = multiply(square, square)
      rest >>= 1
    }
    return result
  }

  private func multiply(_ left: UInt64, _ right: UInt64) -> UInt64 {
    var product: UInt64 = 0
    var right = right
    var bit = UInt64(1) << UInt64(width - 1)
    while bit > 0 {
      if left & bit != 0 { product ^= right }
      right = right & 1 == 1 ? right >> 1 ^ polynomial : right >> 1
      bit >>= 1
    }
    return product
  }
}
