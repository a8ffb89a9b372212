import EventLoop

/// An upload source in S3's `aws-chunked` framing, with the CRC-32C of its bytes in the trailer: a checksum known only at
/// the end can go nowhere else. "Signature calculations for the Authorization header: Including trailing headers",
/// S3 API reference. The framing's length follows from the body's, so it is announced like any other.
/// Nothing is buffered: a chunk's length is known before its bytes come, and they go on from where they lie.
@LoopActor final class ChunkedUploadSource: UploadSource {
  nonisolated static let trailerName = "x-amz-checksum-crc32c"
  /// S3 wants at least 8 KiB in every chunk but the last. Larger ones only delay what nobody waits for.
  nonisolated static let chunkByteCount = 256 * 1024

  nonisolated let framedByteCount: Int
  private let inner: any UploadSource
  private let byteCount: Int
  private var givenByteCount = 0
  /// Of what has been given, where the inner source computes none.
  private var ownChecksum: CRC32C?
  /// Left of the chunk that is open.
  private var chunkRemainder = 0
  /// Framing that goes out before anything else.
  private var framing: [UInt8] = []
  private var givenFramingByteCount = 0

  init(_ inner: any UploadSource, byteCount: Int) {
    self.inner = inner
    self.byteCount = byteCount
    ownChecksum = inner.checksum == nil ? CRC32C() : nil
    framedByteCount = Self.framedByteCount(of: byteCount)
    openChunk()
  }

  var onReadable: (@LoopActor () -> Void)? {
    get { inner.onReadable }
    set { inner.onReadable = newValue }
  }

  func rewind() -> Bool {
    guard inner.rewind() else { return false }
    givenByteCount = 0
    ownChecksum = ownChecksum.map { _ in CRC32C() }
    chunkRemainder = 0
    framing = []
    givenFramingByteCount = 0
    openChunk()
    return true
  }

  func lend(to take: (GatheredBytes) -> Int) -> UploadRead {
    if chunkRemainder > 0 {
      switch inner.lend(to: { lend($0.prefix(chunkRemainder), to: take) }) {
      case .lent: return .lent
      case .pause: break
      // Fewer bytes than announced.
      case .end, .abort: return .abort
      }
    }
    guard givenFramingByteCount < framing.count else { return chunkRemainder > 0 ? .pause : .end }
    _ = lend(GatheredBytes(), to: take)
    return .lent
  }

  /// Lends what is due of the framing, and these bytes of the chunk behind it.
  /// - Returns: How many of the chunk's bytes have been taken.
  private func lend(_ bytes: GatheredBytes, to take: (GatheredBytes) -> Int) -> Int {
    let framingByteCount = framing.count - givenFramingByteCount
    let taken = framing.withUnsafeBytes { framing in
      var all = GatheredBytes()
      all.append(UnsafeRawBufferPointer(rebasing: framing[givenFramingByteCount...]))
      for index in 0..<bytes.count { all.append(bytes[index]) }
      return take(all)
    }
    givenFramingByteCount += min(taken, framingByteCount)
    let given = bytes.prefix(max(0, taken - framingByteCount))
    for index in 0..<given.count { ownChecksum?.update(given[index].bindMemory(to: UInt8.self)) }
    givenByteCount += given.byteCount
    chunkRemainder -= given.byteCount
    if given.byteCount > 0, chunkRemainder == 0 { openChunk() }
    return given.byteCount
  }

  /// Frames what comes next: another chunk, or the trailer once there is none.
  private func openChunk() {
    framing = givenByteCount > 0 ? Array("\r\n".utf8) : []
    givenFramingByteCount = 0
    chunkRemainder = min(Self.chunkByteCount, byteCount - givenByteCount)
    if chunkRemainder > 0 {
      framing += (String(chunkRemainder, radix: 16) + "\r\n").utf8
    } else {
      let checksum = ownChecksum ?? inner.checksum ?? CRC32C()
      framing += "0\r\n\(Self.trailerName):\(checksum.base64)\r\n\r\n".utf8
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
