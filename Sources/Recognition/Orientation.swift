/// How the stored pixels lie relative to the upright picture: the eight values of the EXIF Orientation tag
/// (CIPA DC-008, tag 0x0112).
enum Orientation: Int, Sendable, CaseIterable {
  case upright = 1
  case mirrored
  case upsideDown
  case flipped
  case transposed
  case lyingLeft
  case transversed
  case lyingRight

  /// The upright picture's x axis is the stored picture's y axis.
  var swapsAxes: Bool { rawValue >= 5 }

  /// Walking along the upright picture goes backwards along the stored picture's x axis.
  var reversesStoredX: Bool {
    switch self {
    case .mirrored, .upsideDown, .transversed, .lyingRight: true
    case .upright, .flipped, .transposed, .lyingLeft: false
    }
  }

  /// Walking along the upright picture goes backwards along the stored picture's y axis.
  var reversesStoredY: Bool {
    switch self {
    case .upsideDown, .flipped, .lyingLeft, .transversed: true
    case .upright, .mirrored, .transposed, .lyingRight: false
    }
  }

  /// Turns a stored square of RGB pixels upright. Done last, on the model's few pixels instead of the file's many.
  func makeUpright(square pixels: [UInt8], side: Int) -> [UInt8] {
    precondition(pixels.count == side * side * 3)
    guard self != .upright else { return pixels }
    let stepX = reversesStoredX ? -3 : 3
    let stepY = reversesStoredY ? -3 * side : 3 * side
    let origin = (reversesStoredX ? 3 * (side - 1) : 0) + (reversesStoredY ? 3 * side * (side - 1) : 0)
    let (columnStep, rowStep) = swapsAxes ? (stepY, stepX) : (stepX, stepY)
    return [UInt8](unsafeUninitializedCapacity: pixels.count) { output, count in
      var target = 0
      for row in 0..<side {
        var source = origin + row * rowStep
        for _ in 0..<side {
          output[target] = pixels[source]
          output[target + 1] = pixels[source + 1]
          output[target + 2] = pixels[source + 2]
          target += 3
          source += columnStep
        }
      }
      count = target
    }
  }
}
