import CTurboJPEG
import CYUV

/// The planes of a JPEG as it stores them: brightness in full, the two colour differences as coarse as they are, none of
/// them for a grey one. Resized by libyuv, plane by plane, and made RGB only where the model looks.
struct JPEGPlanes: ~Copyable {
  private struct Plane {
    let offset: Int
    let width: Int
    let height: Int
  }

  let width: Int
  let height: Int
  private let planes: [Plane]
  private let bytes: UnsafeMutablePointer<UInt8>

  init(width: Int, height: Int, subsampling: Int32) {
    self.width = width
    self.height = height
    var planes: [Plane] = []
    var byteCount = 0
    for component in 0..<(subsampling == Int32(TJSAMP_GRAY.rawValue) ? 1 : 3) {
      let plane = Plane(
        offset: byteCount, width: Int(tjPlaneWidth(Int32(component), Int32(width), subsampling)),
        height: Int(tjPlaneHeight(Int32(component), Int32(height), subsampling)))
      planes.append(plane)
      byteCount += plane.width * plane.height
    }
    self.planes = planes
    bytes = .allocate(capacity: byteCount)
  }

  deinit { bytes.deallocate() }

  /// TurboJPEG's view of the planes, without padding between rows.
  func withPointers(_ body: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>) -> Int32) -> Int32 {
    var pointers = planes.map { Optional(bytes + $0.offset) }
    return pointers.withUnsafeMutableBufferPointer { pointers in
      // There is at least one plane.
      body(pointers.baseAddress!)
    }
  }

  /// The square of `side` pixels that `geometry` cuts from the resized picture. Little more than the square is resized.
  ///
  /// To half of a size and less pixels are averaged; above that libyuv interpolates between neighbours.
  /// - Returns: `side * side * 3` bytes of RGB.
  func square(_ geometry: CropGeometry, side: Int) -> [UInt8] {
    let columns = cut(side, at: geometry.left, of: geometry.width, from: width, samples: planes.map(\.width))
    let rows = cut(side, at: geometry.top, of: geometry.height, from: height, samples: planes.map(\.height))
    let stride = columns.resized.count
    let byteCount = stride * rows.resized.count
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: byteCount * 3) { memory in
      // Not empty, for a square has pixels.
      let resized = memory.baseAddress!
      for (index, plane) in planes.enumerated() {
        let column = columns.stored.lowerBound * plane.width / width
        let row = rows.stored.lowerBound * plane.height / height
        let columnCount = max(1, columns.stored.count * plane.width / width)
        let rowCount = max(1, rows.stored.count * plane.height / height)
        ScalePlane(
          bytes + plane.offset + row * plane.width + column, Int32(plane.width), Int32(columnCount), Int32(rowCount),
          resized + index * byteCount, Int32(stride), Int32(stride), Int32(rows.resized.count), kFilterBox)
      }
      // The middle of the range is no colour.
      if planes.count == 1 { (resized + byteCount).initialize(repeating: 128, count: 2 * byteCount) }
      let corner =
        resized + (geometry.top - rows.resized.lowerBound) * stride + (geometry.left - columns.resized.lowerBound)
      return [UInt8](unsafeUninitializedCapacity: side * side * 3) { pixels, count in
        saccade_yuv_jpeg_to_rgb(
          corner, corner + byteCount, corner + 2 * byteCount, Int32(stride), pixels.baseAddress, Int32(side),
          Int32(side))
        count = side * side * 3
      }
    }
  }

  /// A part of the picture's width or height, and where it lies when the picture is resized.
  private struct Cut {
    var stored: Range<Int>
    var resized: Range<Int>
  }

  /// What has to be resized for `count` pixels at `start` of the resized length: whole samples of the coarsest plane,
  /// which become whole pixels as nearly as a few samples more can make it, so that nothing is moved or stretched.
  private func cut(_ count: Int, at start: Int, of resized: Int, from length: Int, samples: [Int]) -> Cut {
    let coarsest = samples.min() ?? length
    let sample = max(1, (length + coarsest - 1) / coarsest)
    let scale = Double(resized) / Double(length)

    var (lower, upper) = ((stored: 0, resized: 0), (stored: length, resized: resized))
    var (lowerError, upperError) = (Double.infinity, Double.infinity)
    let first = Int(Double(start) / scale) / sample
    let last = (Int((Double(start + count) / scale).rounded(.up)) + sample - 1) / sample
    for extra in 0...Self.extraSampleCountMax {
      let position = Double((first - extra) * sample) * scale
      if first >= extra, Int(position.rounded()) <= start, abs(position - position.rounded()) < lowerError {
        lower = ((first - extra) * sample, Int(position.rounded()))
        lowerError = abs(position - position.rounded())
      }
      let end = Double((last + extra) * sample) * scale
      if (last + extra) * sample <= length, Int(end.rounded()) >= start + count, abs(end - end.rounded()) < upperError {
        upper = ((last + extra) * sample, Int(end.rounded()))
        upperError = abs(end - end.rounded())
      }
    }
    return Cut(stored: lower.stored..<upper.stored, resized: lower.resized..<upper.resized)
  }

  private static let extraSampleCountMax = 7
}
