/// What a JPEG says of itself before its first scan (ITU-T T.81, annex B), for the things that TurboJPEG's API does
/// not tell: orientation, and whether the whole picture must be held in memory to decode it.
struct JPEGHeader: Sendable, Equatable {
  private(set) var width = 0
  private(set) var height = 0
  private(set) var componentCount = 0
  private(set) var orientation = Orientation.upright
  private(set) var isProgressive = false
  private(set) var componentCountInFirstScan = 0

  /// Every coefficient is kept until the last scan is read, instead of a row of blocks at a time.
  var hasManyScans: Bool { isProgressive || componentCountInFirstScan < componentCount }

  /// Walks the marker segments up to the first scan. Nil when no frame header is found; a file that ends before its
  /// first scan still has a size to be judged by.
  init?(_ bytes: Span<UInt8>) {
    func word(_ offset: Int) -> Int { Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) }
    var position = 2
    walk: while let (marker, next) = JPEGHeader.nextMarker(in: bytes, from: position) {
      position = next
      // TEM and restart markers stand alone.
      if marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }
      guard marker != 0xD9, position + 2 <= bytes.count else { break }
      let length = word(position)
      guard length >= 2, position + length <= bytes.count else { break }
      let payload = position + 2
      let end = position + length
      switch marker {
      case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        guard end - payload >= 6 else { break walk }
        height = word(payload + 1)
        width = word(payload + 3)
        componentCount = Int(bytes[payload + 5])
        isProgressive = marker & 0x03 == 0x02
      case 0xE1:
        if let found = JPEGHeader.orientation(inAPP1: bytes.extracting(payload..<end)) { orientation = found }
      case 0xDA:
        if payload < end { componentCountInFirstScan = Int(bytes[payload]) }
        break walk
      default: break
      }
      position = end
    }
    guard componentCount > 0 else { return nil }
  }

  /// The next marker at or after `position`, and where its segment starts. Bytes that are no marker are skipped, as
  /// libjpeg does.
  private static func nextMarker(in bytes: Span<UInt8>, from position: Int) -> (marker: UInt8, next: Int)? {
    var position = position
    while position + 1 < bytes.count {
      if bytes[position] == 0xFF, bytes[position + 1] != 0x00, bytes[position + 1] != 0xFF {
        return (bytes[position + 1], position + 2)
      }
      position += 1
    }
    return nil
  }

  private static func orientation(inAPP1 payload: Span<UInt8>) -> Orientation? {
    let signature: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]  // "Exif\0\0"
    guard payload.count > signature.count else { return nil }
    for index in signature.indices where payload[index] != signature[index] { return nil }
    return Orientation(exif: payload.extracting(signature.count..<payload.count))
  }

  /// How many scans the file holds. Inside a scan 0xFF is always followed by a stuffed zero or a marker, so counting
  /// is exact up to thumbnails in metadata, which only add.
  static func scanCount(in bytes: Span<UInt8>) -> Int {
    var count = 0
    var position = 0
    while position + 1 < bytes.count {
      if bytes[position] == 0xFF, bytes[position + 1] == 0xDA { count += 1 }
      position += 1
    }
    return count
  }

  /// Whether an end-of-image marker follows the last scan. A file that was cut has none there, whatever its metadata
  /// holds; bytes after the end are allowed.
  static func isComplete(_ bytes: Span<UInt8>) -> Bool {
    var position = bytes.count - 2
    while position >= 0 {
      if bytes[position] == 0xFF {
        if bytes[position + 1] == 0xD9 { return true }
        if bytes[position + 1] == 0xDA { return false }
      }
      position -= 1
    }
    return false
  }
}
