@testable import Recognition

/// How far two pictures are apart, in steps of 8-bit brightness.
func difference(_ one: [UInt8], _ other: [UInt8]) -> (mean: Double, max: Int) {
  precondition(one.count == other.count)
  var (sum, most) = (0, 0)
  for (first, second) in zip(one, other) {
    let distance = abs(Int(first) - Int(second))
    sum += distance
    most = Swift.max(most, distance)
  }
  return (Double(sum) / Double(one.count), most)
}

extension ImageDecoder {
  func decode(_ file: [UInt8]) throws(DecodeError) -> PixelTensor { try decode(file.span) }
}
