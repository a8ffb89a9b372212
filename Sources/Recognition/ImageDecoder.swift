/// Turns the bytes of an image file into the square of pixels that a model looks at.
///
/// JPEG goes through TurboJPEG, and through libyuv, which resizes the planes of brightness and colours as the file has
/// them; what is tiny, very long or stored as RGB is resized by libvips. Everything else (and the rare JPEGs that
/// TurboJPEG's API cannot express: CMYK, odd chroma subsampling) goes through libvips. In all ways the result is upright,
/// 8-bit RGB, transparency on white, embedded RGB and grey profiles ignored. Of an animation the first frame counts.
///
/// A value without state: any number of threads may decode at once. Decoding blocks; it belongs on a thread pool.
package struct ImageDecoder: Sendable {
  /// Side of the square given to the model, in pixels.
  package let inputSide: Int
  /// What the picture's shorter side is resized to before the square is cut from its centre; at least `inputSide`.
  package let resizeSide: Int
  package let limits: ImageLimits
  /// Off to compare: everything is then resized by the bicubic filter that models are trained with.
  var resizesPlanes = true

  /// How many times `resizeSide` the shorter side of a shrunken JPEG keeps at least. Planes may shrink to it: libyuv then
  /// has less than half to take away, where its four neighbours are all there is. The bicubic filter of RGB is given more,
  /// to have the last word on what is seen.
  private static let (planeDetailFactor, rgbDetailFactor) = (1, 2)

  /// What is enlarged more than this has nothing to tell but its colours, and is left to the smoother bicubic filter.
  private static let planeEnlargementMax = 4

  /// A picture longer than this many times its breadth is resized by libvips, which need not resize what is cut off.
  private static let planeAspectRatioMax = 4

  package init(inputSide: Int = 224, resizeSide: Int = 256, limits: ImageLimits = ImageLimits()) {
    precondition(inputSide > 0 && resizeSide >= inputSide, "the model's square must fit the resized picture")
    precondition(VipsPicture.isReady, "libvips cannot start: its installation is damaged")
    self.inputSide = inputSide
    self.resizeSide = resizeSide
    self.limits = limits
  }

  /// Decodes, resizes, crops. The file's header is held against `limits` before any pixel is decoded.
  package func decode(_ file: Span<UInt8>) throws(DecodeError) -> PixelTensor {
    guard !file.isEmpty else { throw .empty }
    try limits.check(byteCount: file.count)
    guard let format = ImageFormat.sniff(file) else { throw .unsupportedFormat }
    if format == .jpeg { return try decodeJPEG(file) }
    return try file.withUnsafeBufferPointer { (buffer) throws(DecodeError) in
      let picture = try VipsPicture(file: UnsafeRawBufferPointer(buffer), format: format)
      try checkLimits(of: picture, format: format, file: file)
      let orientation = picture.orientation
      return try square(ofStreamed: picture, orientation: orientation)
    }
  }

  // MARK: JPEG

  private func decodeJPEG(_ file: Span<UInt8>) throws(DecodeError) -> PixelTensor {
    guard let header = JPEGHeader(file) else { throw .undecodable("its header is damaged or cut short") }
    let decompressor = JPEGDecompressor()
    let turbo = decompressor.header(of: file)
    // Two bytes a coefficient, and three or four components when TurboJPEG does not say how they are subsampled.
    let bufferedBytesPerPixel =
      header.hasManyScans ? 2 * (turbo?.samplesPerPixel ?? Double(header.componentCount)) : 0
    try limits.check(width: header.width, height: header.height, bufferedBytesPerPixel: bufferedBytesPerPixel)
    guard JPEGHeader.isComplete(file) else { throw .undecodable("the file is cut short") }
    if header.hasManyScans, JPEGHeader.scanCount(in: file) > limits.scanCountMax {
      throw .tooLarge("it has more than \(limits.scanCountMax) scans")
    }

    guard let turbo, !turbo.isCMYK else {
      let shrink = shrinkWhileDecoding(width: header.width, height: header.height, Self.rgbDetailFactor)
      return try file.withUnsafeBufferPointer { (buffer) throws(DecodeError) in
        let picture = try VipsPicture(file: UnsafeRawBufferPointer(buffer), format: .jpeg, shrink: shrink)
        return try square(ofStreamed: picture, orientation: header.orientation)
      }
    }
    // The two readers of the header may disagree on a crafted file; what is allocated follows TurboJPEG's.
    try limits.check(width: turbo.width, height: turbo.height, bufferedBytesPerPixel: bufferedBytesPerPixel)
    if resizesPlanes, turbo.isPlanar, canResizePlanes(width: turbo.width, height: turbo.height) {
      let shrink = shrinkWhileDecoding(width: turbo.width, height: turbo.height, Self.planeDetailFactor)
      let planes = try decompressor.decompressPlanes(file, header: turbo, shrink: shrink)
      let geometry = CropGeometry(
        storedWidth: planes.width, storedHeight: planes.height, orientation: header.orientation,
        resizeSide: resizeSide, inputSide: inputSide)
      let stored = planes.square(geometry, side: inputSide)
      return PixelTensor(side: inputSide, bytes: header.orientation.makeUpright(square: stored, side: inputSide))
    }
    let shrink = shrinkWhileDecoding(width: turbo.width, height: turbo.height, Self.rgbDetailFactor)
    let pixels = try decompressor.decompress(file, header: turbo, shrink: shrink)
    return try pixels.withBytes { (bytes) throws(DecodeError) in
      let picture = try VipsPicture(rgb: bytes, width: pixels.width, height: pixels.height).clampingAspectRatio()
      let geometry = geometry(of: picture, orientation: header.orientation)
      let stored = try picture.resized(width: geometry.width, height: geometry.height)
        .pixels(left: geometry.left, top: geometry.top, width: inputSide, height: inputSide)
      return PixelTensor(side: inputSide, bytes: header.orientation.makeUpright(square: stored, side: inputSide))
    }
  }

  private func canResizePlanes(width: Int, height: Int) -> Bool {
    let (shorter, longer) = (min(width, height), max(width, height))
    return shorter * Self.planeEnlargementMax >= resizeSide
      && longer <= shorter * Self.planeAspectRatioMax
  }

  /// The power of two to shrink by while decoding: the most that leaves the shorter side `detailFactor` times
  /// `resizeSide`.
  private func shrinkWhileDecoding(width: Int, height: Int, _ detailFactor: Int) -> Int {
    let shorter = min(width, height)
    return [8, 4, 2].first { shorter / $0 >= resizeSide * detailFactor } ?? 1
  }

  // MARK: libvips

  private func checkLimits(
    of picture: borrowing VipsPicture, format: ImageFormat, file: Span<UInt8>
  ) throws(DecodeError) {
    let (width, height) = (picture.width, picture.height)
    // A PNG's first chunk is its header, the last byte of which tells whether it is interlaced (PNG, 11.2.2).
    let isReadByLine = format == .png && file.count > 28 && file[28] == 0 && !picture.exceedsAspectRatioMax
    // The loaders of animations work on RGBA whatever they return.
    let bufferedBytesPerPixel = isReadByLine ? 0 : Double(max(4, picture.bytesPerPixel))
    try limits.check(width: width, height: height, bufferedBytesPerPixel: bufferedBytesPerPixel)
    guard picture.frameCount <= limits.frameCountMax else {
      throw .tooLarge("it has \(picture.frameCount) frames; at most \(limits.frameCountMax) are accepted")
    }
  }

  /// All rows are computed even though the top and the bottom may be cut off, so that a file which is damaged there
  /// is refused like any other.
  private func square(
    ofStreamed source: consuming VipsPicture, orientation: Orientation
  ) throws(DecodeError) -> PixelTensor {
    let picture = source.exceedsAspectRatioMax ? try source.inMemory().clampingAspectRatio() : source
    let geometry = geometry(of: picture, orientation: orientation)
    // Colour conversion of CMYK is dear and is done on few pixels; transparency must be laid on white before resizing.
    let isCMYK = picture.isCMYK
    let strip = try (isCMYK ? picture : try picture.rgb8())
      .resized(width: geometry.width, height: geometry.height)
      .cropped(left: geometry.left, top: 0, width: inputSide, height: geometry.height)
    let rows = try (isCMYK ? try strip.rgb8() : strip).pixels()
    let rowByteCount = inputSide * 3
    let stored = Array(rows[geometry.top * rowByteCount..<(geometry.top + inputSide) * rowByteCount])
    return PixelTensor(side: inputSide, bytes: orientation.makeUpright(square: stored, side: inputSide))
  }

  private func geometry(of picture: borrowing VipsPicture, orientation: Orientation) -> CropGeometry {
    CropGeometry(
      storedWidth: picture.width, storedHeight: picture.height, orientation: orientation, resizeSide: resizeSide,
      inputSide: inputSide)
  }
}
