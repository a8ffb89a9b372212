import EventLoop

/// An upload source in S3's `aws-chunked` framing, with the CRC-32C of its bytes in the trailer: a checksum known only at
/// the end can go nowhere else. "Signature calculations for the Authorization header: Including trailing headers",
/// S3 API reference. The framing's length follows from the body's, so it is announced like any other.
/// Nothing is buffered: a chunk's length is known before its bytes come, and they go straight into curl's buffer.
@LoopActor final class ChunkedUploadSource: UploadSource {
  nonisolated static let trailerName = "x-amz-checksum-crc32c"
  /// S3 wants at least 8 KiB in every chunk but the last. Larger ones only delay what nobody waits for.
  nonisolated static let chunkByteCount = 256 * 1024

  nonisolated let framedByteCount: Int
  private let inner: any UploadSource
  private let byteCount: Int
  private var givenByteCount = 0
  private var checksum = CRC32C()
  /// Left of the chunk that is open.
  private var chunkRemainder = 0
  /// Framing that goes out before anything else.
  private var framing: ArraySlice<UInt8> = []
  private var isLastChunkFramed = false

  init(_ inner: any UploadSource, byteCount: Int) {
    self.inner = inner
    self.byteCount = byteCount
    framedByteCount = Self.framedByteCount(of: byteCount)
  }

  var onReadable: (@LoopActor () -> Void)? {
    get { inner.onReadable }
    set { inner.onReadable = newValue }
  }

  func rewind() -> Bool {
    guard inner.rewind() else { return false }
    givenByteCount = 0
    checksum = CRC32C()
    chunkRemainder = 0
    framing = []
    isLastChunkFramed = false
    return true
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> UploadRead {
    var filled = 0
    while filled < buffer.count {
      let room = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      if !framing.isEmpty {
        let count = min(room.count, framing.count)
        room.copyBytes(from: framing.prefix(count))
        framing.removeFirst(count)
        filled += count
      } else if chunkRemainder > 0 {
        let piece = UnsafeMutableRawBufferPointer(rebasing: room.prefix(chunkRemainder))
        switch inner.read(into: piece) {
        case .bytes(let count):
          checksum.update(UnsafeBufferPointer(piece.prefix(count).bindMemory(to: UInt8.self)))
          givenByteCount += count
          chunkRemainder -= count
          filled += count
          if chunkRemainder == 0 { framing = ArraySlice("\r\n".utf8) }
        // What was filled goes first; the source is asked again, and says so again.
        case .pause: return filled > 0 ? .bytes(filled) : .pause
        // Fewer bytes than announced.
        case .end, .abort: return .abort
        }
      } else if isLastChunkFramed {
        return filled > 0 ? .bytes(filled) : .end
      } else {
        openChunk()
      }
    }
    return .bytes(filled)
  }

  private func openChunk() {
    chunkRemainder = min(Self.chunkByteCount, byteCount - givenByteCount)
    if chunkRemainder > 0 {
      framing = ArraySlice((String(chunkRemainder, radix: 16) + "\r\n").utf8)
    } else {
      isLastChunkFramed = true
      framing = ArraySlice("0\r\n\(Self.trailerName):\(checksum.base64)\r\n\r\n".utf8)
    }
  }

  nonisolated static func framedByteCount(of byteCount: Int) -> Int {
    let framedChunk = { (count: Int) in String(count, radix: 16).utf8.count + 2 + count + 2 }
    let (whole, rest) = byteCount.quotientAndRemainder(dividingBy: chunkByteCount)
    // "0\r\n", the name, ":", eight characters of base64, "\r\n\r\n"
    let last = 3 + trailerName.utf8.count + 1 + 8 + 4
    return whole * framedChunk(chunkByteCount) + (rest > 0 ? framedChunk(rest) : 0) + last
  }
}
