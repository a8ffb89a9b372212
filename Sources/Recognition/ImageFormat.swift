/// The image formats this module decodes, told apart by the first bytes of the file and never by a name or a header
/// that a client chose.
///
/// BMP, SVG, PDF and the like are absent on purpose: libvips reads them through ImageMagick, librsvg and poppler,
/// which are not made for bytes from strangers.
package enum ImageFormat: String, Sendable, Hashable, CaseIterable {
  case jpeg
  case png
  case gif
  case webp
  case tiff
  /// HEIC and AVIF: one container (ISO 23008-12), one loader.
  case heif

  /// How many leading bytes `sniff` looks at; fewer are fine.
  package static let signatureByteCount = 16

  /// The format that the first bytes announce, or nil when they announce none of ours.
  package static func sniff(_ bytes: Span<UInt8>) -> ImageFormat? {
    func matches(_ signature: StaticString, at offset: Int = 0) -> Bool {
      guard bytes.count >= offset + signature.utf8CodeUnitCount else { return false }
      for index in 0..<signature.utf8CodeUnitCount where bytes[offset + index] != signature.utf8Start[index] {
        return false
      }
      return true
    }
    guard bytes.count >= 3 else { return nil }
    if bytes[0] == 0xFF, bytes[1] == 0xD8, bytes[2] == 0xFF { return .jpeg }
    if bytes[0] == 0x89, matches("PNG\r\n\u{1A}\n", at: 1) { return .png }
    if matches("GIF87a") || matches("GIF89a") { return .gif }
    if matches("RIFF"), matches("WEBP", at: 8) { return .webp }
    // Classic TIFF (42) and BigTIFF (43), little and big endian.
    if matches("II*\0") || matches("MM\0*") || matches("II+\0") || matches("MM\0+") { return .tiff }
    if matches("ftyp", at: 4) {
      for brand: StaticString in ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis"]
      where matches(brand, at: 8) {
        return .heif
      }
    }
    return nil
  }
}
