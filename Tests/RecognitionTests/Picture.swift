import CTurboJPEG
import CVips
import Foundation

@testable import Recognition

/// A picture in memory, to make sample files from.
struct Picture {
  let width: Int
  let height: Int
  let bandCount: Int
  var bytes: [UInt8]

  init(width: Int, height: Int, bandCount: Int = 3, _ colour: (_ x: Int, _ y: Int) -> [UInt8]) {
    self.width = width
    self.height = height
    self.bandCount = bandCount
    bytes = []
    bytes.reserveCapacity(width * height * bandCount)
    for y in 0..<height {
      for x in 0..<width { bytes += colour(x, y) }
    }
  }

  /// A scene without any symmetry: soft gradients, and a bright patch in the upper left.
  static func scene(width: Int, height: Int) -> Picture {
    Picture(width: width, height: height) { x, y in
      let (across, down) = (Double(x) / Double(width), Double(y) / Double(height))
      let patch = exp(-30 * ((across - 0.35) * (across - 0.35) + (down - 0.3) * (down - 0.3)))
      return [UInt8(200 * across + 50 * patch), UInt8(200 * down + 50 * patch), UInt8(100 * (1 - across * down))]
    }
  }

  static func plain(width: Int, height: Int, _ colour: [UInt8]) -> Picture {
    Picture(width: width, height: height, bandCount: colour.count) { _, _ in colour }
  }

  /// The picture as a camera held in this way would store it, by the definition of the eight EXIF values.
  func stored(orientation: Int) -> Picture {
    let swapped = orientation >= 5
    let (storedWidth, storedHeight) = swapped ? (height, width) : (width, height)
    let (right, bottom) = (storedWidth - 1, storedHeight - 1)
    var result = Picture.plain(width: storedWidth, height: storedHeight, [UInt8](repeating: 0, count: bandCount))
    for y in 0..<height {
      for x in 0..<width {
        let (column, row) =
          switch orientation {
          case 1: (x, y)
          case 2: (right - x, y)
          case 3: (right - x, bottom - y)
          case 4: (x, bottom - y)
          case 5: (y, x)
          case 6: (y, bottom - x)
          case 7: (right - y, bottom - x)
          default: (right - y, x)
          }
        for band in 0..<bandCount {
          result.bytes[(row * storedWidth + column) * bandCount + band] = bytes[(y * width + x) * bandCount + band]
        }
      }
    }
    return result
  }

  // MARK: Files

  func jpeg(
    quality: Int = 95, subsampling: TJSAMP = TJSAMP_444, flags: Int32 = 0, orientation: Int? = nil
  ) -> [UInt8] {
    let handle = tjInitCompress()
    defer { tjDestroy(handle) }
    var output: UnsafeMutablePointer<UInt8>?
    var count: UInt = 0
    let format = [1: TJPF_GRAY, 3: TJPF_RGB, 4: TJPF_CMYK][bandCount] ?? TJPF_RGB
    let result = tjCompress2(
      handle, bytes, Int32(width), 0, Int32(height), Int32(format.rawValue), &output, &count,
      Int32(subsampling.rawValue), Int32(quality), flags)
    precondition(result == 0)
    defer { tjFree(output) }
    let file = [UInt8](UnsafeBufferPointer(start: output, count: Int(count)))
    guard let orientation else { return file }
    return Array(file[..<2]) + Picture.exif(orientation: orientation) + Array(file[2...])
  }

  /// An APP1 segment that holds nothing but an orientation; odd values in little endian, even ones in big endian.
  static func exif(orientation: Int) -> [UInt8] {
    func word(_ value: Int, _ isLittle: Bool) -> [UInt8] {
      let bytes = [UInt8(value >> 8), UInt8(value & 0xFF)]
      return isLittle ? bytes.reversed() : bytes
    }
    let isLittle = orientation % 2 == 1
    let long: (Int) -> [UInt8] = { isLittle ? word($0, true) + [0, 0] : [0, 0] + word($0, false) }
    let tiff: [UInt8] =
      Array((isLittle ? "II" : "MM").utf8) + word(42, isLittle) + long(8) + word(1, isLittle)
      + word(0x0112, isLittle) + word(3, isLittle) + long(1) + word(orientation, isLittle) + [0, 0] + long(0)
    let payload = Array("Exif\0\0".utf8) + tiff
    return [0xFF, 0xE1] + word(payload.count + 2, false) + payload
  }

  /// Encodes with libvips; nil when this installation cannot write the format.
  func file(_ suffix: String, orientation: Int? = nil) -> [UInt8]? {
    precondition(VipsPicture.isReady)
    return bytes.withUnsafeBytes { pixels in
      guard
        let plain = vips_image_new_from_memory_copy(
          pixels.baseAddress, pixels.count, Int32(width), Int32(height), Int32(bandCount), VIPS_FORMAT_UCHAR)
      else { return nil }
      defer { g_object_unref(plain) }
      plain.pointee.Type = bandCount < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB
      if let orientation { vips_image_set_int(plain, "orientation", Int32(orientation)) }
      var output: UnsafeMutableRawPointer?
      var count = 0
      guard saccade_vips_encode(plain, suffix, &output, &count) == 0, let output else {
        vips_error_clear()
        return nil
      }
      defer { g_free(output) }
      return [UInt8](UnsafeRawBufferPointer(start: output, count: count))
    }
  }
}
