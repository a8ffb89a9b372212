/// What one image may cost. All but the last two are checked against the file's header, before a pixel is decoded.
package struct ImageLimits: Sendable, Equatable {
  /// The file's own size in bytes.
  package var byteCountMax = 64 << 20

  /// Width and height, each. 65 500 is the most that JPEG libraries accept.
  package var sideMax = 65_500

  /// Width × height. 100 megapixels is twice what phones record.
  package var pixelCountMax = 100_000_000

  /// Decoded bytes held at once for the formats that cannot be read line by line: progressive JPEG (its coefficients),
  /// interlaced PNG, GIF, WebP, TIFF, HEIF. One decode thread holds at most this and a little more.
  package var bufferedByteCountMax = 256 << 20

  /// Frames of an animation, pages of a TIFF. Only the first is decoded; the others are skipped over to be counted.
  package var frameCountMax = 10_000

  /// Scans of a progressive JPEG. Encoders write about ten; each costs a pass over the whole picture, and a scan that
  /// changes nothing takes a few bytes only.
  package var scanCountMax = 64

  /// Memory that a decoder process may have beyond what it starts with: four times what it buffers, for what the libraries
  /// hold besides. Beyond it the image is refused, or the process ends and the image is refused.
  package var decoderByteCountMax = 1 << 30

  /// How long a decoder process may take for one image. The slowest within the other limits takes a few seconds.
  package var decodingTimeMax: Duration = .seconds(20)

  package init() {}

  /// Refuses a file that is too long.
  func check(byteCount: Int) throws(DecodeError) {
    guard byteCount <= byteCountMax else {
      throw .tooLarge("the file has \(byteCount) bytes; at most \(byteCountMax) are accepted")
    }
  }

  /// Refuses a picture of `width` × `height` pixels; `bufferedBytesPerPixel` is 0 when it is read line by line.
  func check(width: Int, height: Int, bufferedBytesPerPixel: Double) throws(DecodeError) {
    guard width > 0, height > 0 else { throw .undecodable("the header says \(width) × \(height) pixels") }
    guard width <= sideMax, height <= sideMax else {
      throw .tooLarge("it is \(width) × \(height) pixels; neither side may exceed \(sideMax)")
    }
    // No overflow: both factors are at most `sideMax` here.
    guard width * height <= pixelCountMax else {
      throw .tooLarge("it has \(width) × \(height) pixels; at most \(pixelCountMax) are accepted")
    }
    guard Double(width * height) * bufferedBytesPerPixel <= Double(bufferedByteCountMax) else {
      throw .tooLarge("decoding its \(width) × \(height) pixels in this format would take too much memory")
    }
  }
}
