/// Watches the framing around chunk data (sizes, extensions, trailers) as raw bytes, however they are cut, beside
/// llhttp: lines end in CRLF and nothing else, no field is folded, and the framing does not outweigh the data.
struct ChunkGuard {
  /// What each chunk may need without being counted: a size, CRLF twice, a little.
  private static let freeByteCountPerChunk = 16

  private let overheadByteCountMax: Int
  private var overheadByteCount = 0
  private var isAfterCR = false
  private var isLineEmpty = false

  init(overheadByteCountMax: Int) { self.overheadByteCountMax = overheadByteCountMax }

  /// A piece of data pays for its chunk's framing.
  mutating func passData(byteCount: Int) {
    overheadByteCount = max(0, overheadByteCount - ChunkGuard.freeByteCountPerChunk - 2 * byteCount)
  }

  /// - Returns: Whether the bytes are acceptable framing.
  mutating func inspect(_ bytes: Span<UInt8>) -> Bool {
    overheadByteCount += bytes.count
    guard overheadByteCount <= overheadByteCountMax else { return false }
    for index in bytes.indices {
      let byte = bytes[index]
      if isAfterCR {
        // Bare CR and bare LF: the same rule as in a head (RFC 9112 §2.2, §7.1).
        guard byte == ASCII.lf else { return false }
        isAfterCR = false
        isLineEmpty = true
        continue
      }
      switch byte {
      case ASCII.cr: isAfterCR = true
      case ASCII.space, ASCII.tab: if isLineEmpty { return false }
      case 0..<ASCII.space, ASCII.delete: return false
      default: isLineEmpty = false
      }
    }
    return true
  }
}
