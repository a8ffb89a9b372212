import CVips

/// A libvips image: a recipe for pixels, computed when they are asked for. Owned by one thread at a time.
struct VipsPicture: ~Copyable {
  private let image: UnsafeMutablePointer<VipsImage>

  /// Starts libvips once per process, for bytes from strangers: loaders marked unsafe are blocked, nothing is cached
  /// between pictures, and no thread but the caller's works on one.
  static let isReady: Bool = {
    guard saccade_vips_init("saccade") == 0 else { return false }
    saccade_vips_silence()
    // libvips before 8.15 has Orc compile vector code anew for every picture, and Orc frees that code without a lock
    // while other threads allocate theirs: with several threads the heap is corrupted (libvips pull request 1211).
    // The plain loops are more exact as well.
    vips_vector_set_enabled(0)
    vips_block_untrusted_set(1)
    vips_concurrency_set(1)
    vips_cache_set_max(0)
    vips_cache_set_max_mem(0)
    vips_cache_set_max_files(0)
    return true
  }()

  private init(_ image: UnsafeMutablePointer<VipsImage>) { self.image = image }

  deinit { g_object_unref(image) }

  var width: Int { Int(vips_image_get_width(image)) }
  var height: Int { Int(vips_image_get_height(image)) }
  var bandCount: Int { Int(vips_image_get_bands(image)) }
  var bytesPerPixel: Int { bandCount * Int(vips_format_sizeof(vips_image_get_format(image))) }
  var frameCount: Int { Int(vips_image_get_n_pages(image)) }
  var isCMYK: Bool { vips_image_get_interpretation(image) == VIPS_INTERPRETATION_CMYK }
  var isEightBit: Bool { vips_image_get_format(image) == VIPS_FORMAT_UCHAR }
  var orientation: Orientation { Orientation(rawValue: Int(vips_image_get_orientation(image))) ?? .upright }

  /// Reads the header of a file in memory; pixels are decoded later, from the same bytes, which must outlive the
  /// picture and everything made from it.
  init(file bytes: UnsafeRawBufferPointer, format: ImageFormat, shrink: Int = 1) throws(DecodeError) {
    self.init(
      try VipsPicture.run { out in
        switch format {
        // libjpeg warns of much that does no harm; a picture cut short is found here or by `JPEGHeader.isComplete`.
        case .jpeg:
          saccade_vips_load_jpeg(bytes.baseAddress, bytes.count, Int32(shrink), VIPS_FAIL_ON_TRUNCATED, out)
        case .png: saccade_vips_load_png(bytes.baseAddress, bytes.count, VIPS_FAIL_ON_ERROR, out)
        case .gif: saccade_vips_load_gif(bytes.baseAddress, bytes.count, VIPS_FAIL_ON_ERROR, out)
        case .webp: saccade_vips_load_webp(bytes.baseAddress, bytes.count, VIPS_FAIL_ON_ERROR, out)
        case .tiff: saccade_vips_load_tiff(bytes.baseAddress, bytes.count, VIPS_FAIL_ON_ERROR, out)
        case .heif: saccade_vips_load_heif(bytes.baseAddress, bytes.count, VIPS_FAIL_ON_ERROR, out)
        }
      })
  }

  /// Wraps RGB pixels without copying them; they must outlive the picture and everything made from it.
  init(rgb bytes: UnsafeRawBufferPointer, width: Int, height: Int) throws(DecodeError) {
    guard
      let image = vips_image_new_from_memory(
        bytes.baseAddress, bytes.count, Int32(width), Int32(height), 3, VIPS_FORMAT_UCHAR)
    else { throw VipsPicture.takeError() }
    self.init(image)
  }

  /// 8-bit RGB, transparency laid on white. Profiles are not applied: they move colours too little to change what an
  /// image shows. CMYK is the exception, having no meaning without one; its profile, or else libvips' own, is used.
  func rgb8() throws(DecodeError) -> VipsPicture {
    let colour = try VipsPicture.make { saccade_vips_to_srgb(image, $0) }
    let opaque = try VipsPicture.make {
      vips_image_hasalpha(colour.image) != 0
        ? saccade_vips_flatten_on_white(colour.image, $0) : saccade_vips_copy(colour.image, $0)
    }
    let result = try VipsPicture.make { saccade_vips_cast_uchar(opaque.image, $0) }
    guard result.bandCount == 3 else { throw .undecodable("it has \(bandCount) channels of no known meaning") }
    return result
  }

  /// Resizes with an antialiased bicubic filter (Catmull-Rom, as the reference pipeline).
  func resized(width newWidth: Int, height newHeight: Int) throws(DecodeError) -> VipsPicture {
    let (hscale, vscale) = (Double(newWidth) / Double(width), Double(newHeight) / Double(height))
    guard hscale <= 1, vscale <= 1 else {
      return try VipsPicture.make {
        saccade_vips_enlarge(image, $0, hscale, vscale, Int32(newWidth), Int32(newHeight))
      }
    }
    // Shrinking by four and more averages whole pixels first and leaves a factor of two or more to the filter.
    let gap = 2.0
    return try VipsPicture.make { saccade_vips_resize(image, $0, hscale, vscale, gap) }
  }

  func cropped(left: Int, top: Int, width: Int, height: Int) throws(DecodeError) -> VipsPicture {
    try VipsPicture.make { saccade_vips_crop(image, $0, Int32(left), Int32(top), Int32(width), Int32(height)) }
  }

  /// A picture longer than this many times its breadth would, when its breadth is resized to the model's, become
  /// longer than libvips allows.
  private static let aspectRatioMax = 64

  var exceedsAspectRatioMax: Bool { max(width, height) > VipsPicture.aspectRatioMax * min(width, height) }

  /// The middle of an extremely long picture; any other picture as it is. What a model sees of the centre stays.
  consuming func clampingAspectRatio() throws(DecodeError) -> VipsPicture {
    guard exceedsAspectRatioMax else { return self }
    // The surplus is kept even, so that as much is cut on one side as on the other, however the picture lies.
    func kept(_ length: Int, besides other: Int) -> Int {
      let most = VipsPicture.aspectRatioMax * other
      return length > most ? most - (length - most) % 2 : length
    }
    let (keptWidth, keptHeight) = (kept(width, besides: height), kept(height, besides: width))
    return try cropped(
      left: (width - keptWidth) / 2, top: (height - keptHeight) / 2, width: keptWidth, height: keptHeight)
  }

  /// The whole picture decoded into memory.
  func inMemory() throws(DecodeError) -> VipsPicture {
    guard let copy = vips_image_copy_memory(image) else { throw VipsPicture.takeError() }
    return VipsPicture(copy)
  }

  /// Computes all pixels in strips from top to bottom, as needed by files that are read line by line.
  func pixels() throws(DecodeError) -> [UInt8] {
    var byteCount = 0
    guard let memory = vips_image_write_to_memory(image, &byteCount) else { throw VipsPicture.takeError() }
    defer { g_free(memory) }
    return [UInt8](UnsafeRawBufferPointer(start: memory, count: byteCount))
  }

  /// Computes a part at once on the calling thread. For pictures whose source is in memory.
  func pixels(left: Int, top: Int, width: Int, height: Int) throws(DecodeError) -> [UInt8] {
    guard let region = vips_region_new(image) else { throw VipsPicture.takeError() }
    defer { g_object_unref(region) }
    var byteCount = 0
    guard let memory = vips_region_fetch(region, Int32(left), Int32(top), Int32(width), Int32(height), &byteCount)
    else { throw VipsPicture.takeError() }
    defer { g_free(memory) }
    return [UInt8](UnsafeRawBufferPointer(start: memory, count: byteCount))
  }

  private typealias Output = UnsafeMutablePointer<UnsafeMutablePointer<VipsImage>?>

  private static func make(_ operation: (Output) -> Int32) throws(DecodeError) -> VipsPicture {
    VipsPicture(try run(operation))
  }

  private static func run(_ operation: (Output) -> Int32) throws(DecodeError) -> UnsafeMutablePointer<VipsImage> {
    var out: UnsafeMutablePointer<VipsImage>?
    guard operation(&out) == 0, let out else { throw takeError() }
    return out
  }

  /// libvips' error text is one buffer for all threads: with several failing at once the text may be another's.
  private static func takeError() -> DecodeError {
    guard let text = vips_error_buffer_copy() else { return .undecodable("libvips gave no reason") }
    defer { g_free(text) }
    let firstLine = String(cString: text).split(separator: "\n").first.map(String.init)
    return .undecodable(firstLine ?? "libvips gave no reason")
  }
}
