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

  /// The square of `side` pixels that `geometry` cuts from the resized picture: cut from the planes first and resized then,
  /// to within the few pixels that share a colour.
  ///
  /// To half of a size and less pixels are averaged; above that libyuv interpolates between neighbours.
  /// - Returns: `side * side * 3` bytes of RGB.
  func square(_ geometry: CropGeometry, side: Int) -> [UInt8] {
    let columns = cut(side, at: geometry.left, of: geometry.width, from: width, sharing: 0)
    let rows = cut(side, at: geometry.top, of: geometry.height, from: height, sharing: 1)
    let byteCount = side * side
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: byteCount * (planes.count + 4)) { memory in
      // Not empty, for a square has pixels.
      let resized = memory.baseAddress!
      for (index, plane) in planes.enumerated() {
        let (column, row) = (columns.lowerBound * plane.width / width, rows.lowerBound * plane.height / height)
        let (columnCount, rowCount) = (
          max(1, columns.count * plane.width / width), max(1, rows.count * plane.height / height)
        )
        ScalePlane(
          bytes + plane.offset + row * plane.width + column, Int32(plane.width), Int32(columnCount), Int32(rowCount),
          resized + index * byteCount, Int32(side), Int32(side), Int32(side), kFilterBox)
      }
      return [UInt8](unsafeUninitializedCapacity: byteCount * 3) { pixels, count in
        count = byteCount * 3
        guard planes.count == 3 else {
          for place in 0..<byteCount {
            for channel in 0..<3 { pixels[place * 3 + channel] = resized[place] }
          }
          return
        }
        // JPEG's colours use the whole range of a byte (JFIF 1.02), which libyuv calls J; its ARGB is a word's, and its
        // RAW is R, G, B in memory.
        let argb = resized + 3 * byteCount
        J444ToARGB(
          resized, Int32(side), resized + byteCount, Int32(side), resized + 2 * byteCount, Int32(side),
          argb, Int32(side * 4), Int32(side), Int32(side))
        ARGBToRAW(argb, Int32(side * 4), pixels.baseAddress, Int32(side * 3), Int32(side), Int32(side))
      }
    }
  }

  /// Where `count` pixels at `start` of a resized length lie in the length of this picture, in whole samples of colour.
  private func cut(_ count: Int, at start: Int, of resized: Int, from length: Int, sharing axis: Int) -> Range<Int> {
    let coarsest = planes.map { axis == 0 ? $0.width : $0.height }.min() ?? length
    let sample = max(1, (length + coarsest - 1) / coarsest)
    let scale = Double(length) / Double(resized) / Double(sample)
    let lower = Int((Double(start) * scale).rounded(.toNearestOrEven)) * sample
    let upper = Int((Double(start + count) * scale).rounded(.toNearestOrEven)) * sample
    return min(lower, length - 1)..<max(min(lower, length - 1) + 1, min(upper, length))
  }
}
