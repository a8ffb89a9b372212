import CTurboJPEG

/// One TurboJPEG handle, for one thread and one picture.
struct JPEGDecompressor: ~Copyable {
  /// What TurboJPEG reads from the header.
  struct Header: Sendable {
    var width: Int
    var height: Int
    /// Samples per pixel after chroma subsampling: 1 for grey, 1.5 for 4:2:0, 3 for 4:4:4.
    var samplesPerPixel: Double
    /// TurboJPEG's own number for the kind of chroma subsampling.
    var subsampling: Int32
    var isCMYK: Bool
    /// Brightness, and two differences of colours; or brightness alone.
    var isPlanar: Bool
  }

  /// Decoded RGB pixels without padding between rows.
  struct Pixels: ~Copyable {
    fileprivate let bytes: UnsafeMutableRawBufferPointer
    let width: Int
    let height: Int

    init(width: Int, height: Int) {
      bytes = .allocate(byteCount: width * height * 3, alignment: 16)
      self.width = width
      self.height = height
    }

    deinit { bytes.deallocate() }

    /// The bytes are valid during the call only.
    func withBytes<Result>(
      _ body: (UnsafeRawBufferPointer) throws(DecodeError) -> Result
    ) throws(DecodeError) -> Result {
      try body(UnsafeRawBufferPointer(bytes))
    }
  }

  private let handle: tjhandle

  init() {
    // Fails only when memory is exhausted.
    guard let handle = tjInitDecompress() else { preconditionFailure("tjInitDecompress") }
    self.handle = handle
  }

  deinit { tjDestroy(handle) }

  /// Nil when the API cannot describe the picture, as with unusual chroma subsampling; libjpeg may still read it.
  func header(of bytes: Span<UInt8>) -> Header? {
    var width: Int32 = 0
    var height: Int32 = 0
    var subsampling: Int32 = -1
    var colourSpace: Int32 = -1
    let result = bytes.withUnsafeBufferPointer {
      tjDecompressHeader3(handle, $0.baseAddress, UInt($0.count), &width, &height, &subsampling, &colourSpace)
    }
    guard result == 0 || tjGetErrorCode(handle) == Int32(TJERR_WARNING.rawValue), width > 0, height > 0 else {
      return nil
    }
    let samplesPerPixel: Double
    switch subsampling {
    case Int32(TJSAMP_GRAY.rawValue): samplesPerPixel = 1
    case Int32(TJSAMP_420.rawValue), Int32(TJSAMP_411.rawValue): samplesPerPixel = 1.5
    case Int32(TJSAMP_422.rawValue), Int32(TJSAMP_440.rawValue): samplesPerPixel = 2
    case Int32(TJSAMP_444.rawValue): samplesPerPixel = 3
    default: return nil
    }
    let isCMYK = colourSpace == Int32(TJCS_CMYK.rawValue) || colourSpace == Int32(TJCS_YCCK.rawValue)
    let isPlanar = colourSpace == Int32(TJCS_YCbCr.rawValue) || colourSpace == Int32(TJCS_GRAY.rawValue)
    return Header(
      width: Int(width), height: Int(height), samplesPerPixel: samplesPerPixel, subsampling: subsampling,
      isCMYK: isCMYK, isPlanar: isPlanar)
  }

  /// Decodes at 1/`shrink` of the size (1, 2, 4 or 8, which the DCT gives almost for free).
  ///
  /// Damage that leaves a whole picture, such as stray bytes between markers or a bad Huffman code, is let pass as
  /// browsers do. A picture whose data ends early is refused: the rest of it would be grey.
  func decompress(_ bytes: Span<UInt8>, header: Header, shrink: Int) throws(DecodeError) -> Pixels {
    let pixels = Pixels(width: (header.width + shrink - 1) / shrink, height: (header.height + shrink - 1) / shrink)
    let result = bytes.withUnsafeBufferPointer {
      tjDecompress2(
        handle, $0.baseAddress, UInt($0.count), pixels.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
        Int32(pixels.width), 0, Int32(pixels.height), Int32(TJPF_RGB.rawValue), TJFLAG_LIMITSCANS)
    }
    if result != 0 { try acceptDamage(of: bytes) }
    return pixels
  }

  /// As ``decompress(_:header:shrink:)``, but leaves brightness and colours apart and the latter as coarse as they are
  /// stored: what is done for each pixel of the whole picture else is done for the few that the model sees.
  func decompressPlanes(_ bytes: Span<UInt8>, header: Header, shrink: Int) throws(DecodeError) -> JPEGPlanes {
    let planes = JPEGPlanes(
      width: (header.width + shrink - 1) / shrink, height: (header.height + shrink - 1) / shrink,
      subsampling: header.subsampling)
    let result = bytes.withUnsafeBufferPointer { bytes in
      planes.withPointers { pointers in
        tjDecompressToYUVPlanes(
          handle, bytes.baseAddress, UInt(bytes.count), pointers, Int32(planes.width), nil, Int32(planes.height),
          TJFLAG_LIMITSCANS)
      }
    }
    if result != 0 { try acceptDamage(of: bytes) }
    return planes
  }

  /// Throws what TurboJPEG has said if it is the end of the picture.
  private func acceptDamage(of bytes: Span<UInt8>) throws(DecodeError) {
    // TurboJPEG keeps the text of the first warning only.
    let text = tjGetErrorStr2(handle).map { String(cString: $0) } ?? "unknown error"
    let isWarning = tjGetErrorCode(handle) == Int32(TJERR_WARNING.rawValue)
    guard isWarning, !text.lowercased().contains("premature end"), JPEGHeader.isComplete(bytes) else {
      throw .undecodable(text)
    }
  }
}
