/// Whether a file begins like an image. The web tier looks no further: it never decodes what strangers send.
enum ImageSignature {
  /// Enough for every signature below.
  static let byteCount = 12

  /// - Parameter head: The first ``byteCount`` bytes, or the whole of a shorter file.
  static func matches(_ head: [UInt8]) -> Bool {
    prefixes.contains { head.starts(with: $0) } || isWebP(head) || isHEIF(head)
  }

  private static let prefixes: [[UInt8]] = [
    [0xFF, 0xD8, 0xFF],  // JPEG
    [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],  // PNG
    Array("GIF87a".utf8), Array("GIF89a".utf8),
    [0x49, 0x49, 0x2A, 0x00], [0x4D, 0x4D, 0x00, 0x2A],  // TIFF
    [0x49, 0x49, 0x2B, 0x00], [0x4D, 0x4D, 0x00, 0x2B],  // BigTIFF
  ]

  /// RIFF container: "RIFF", length, "WEBP".
  private static func isWebP(_ head: [UInt8]) -> Bool {
    head.count >= 12 && head.starts(with: "RIFF".utf8) && head[8..<12].elementsEqual("WEBP".utf8)
  }

  /// ISO base media file format: box length, "ftyp", brand.
  private static func isHEIF(_ head: [UInt8]) -> Bool {
    guard head.count >= 12, head[4..<8].elementsEqual("ftyp".utf8) else { return false }
    return ["avif", "avis", "heic", "heix", "mif1", "msf1"].contains { head[8..<12].elementsEqual($0.utf8) }
  }
}
