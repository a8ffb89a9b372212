import AWS
import EventLoop

/// A source over bytes in memory that pauses before every piece, and reports it on the loop's next turn.
@LoopActor final class TestSource: UploadSource {
  private let bytes: [UInt8]
  private let pieceByteCount: Int
  private let pauses: Bool
  private var offset = 0
  private var hasPaused = false
  private(set) var rewindCount = 0
  var canRewind = true
  /// Aborts when it gets here.
  var abortOffset: Int?
  /// Pauses for ever when it gets here.
  var hangOffset: Int?
  var onReadable: (@LoopActor () -> Void)?

  init(_ bytes: [UInt8], pieceByteCount: Int = 10_000, pauses: Bool = true) {
    self.bytes = bytes
    self.pieceByteCount = pieceByteCount
    self.pauses = pauses
  }

  func lend(to take: (GatheredBytes) -> Int) -> UploadRead {
    if let abortOffset, offset >= abortOffset { return .abort }
    if let hangOffset, offset >= hangOffset { return .pause }
    if offset == bytes.count { return .end }
    if pauses, !hasPaused {
      hasPaused = true
      EventLoop.shared.spawn { self.onReadable?() }
      return .pause
    }
    hasPaused = false
    let count = min(pieceByteCount, bytes.count - offset)
    offset += bytes.withUnsafeBytes { bytes in
      var piece = GatheredBytes()
      // In two, as bytes lie in slabs.
      piece.append(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count / 2]))
      piece.append(UnsafeRawBufferPointer(rebasing: bytes[offset + count / 2..<offset + count]))
      return take(piece)
    }
    return .lent
  }

  func rewind() -> Bool {
    guard canRewind else { return offset == 0 }
    rewindCount += 1
    offset = 0
    hasPaused = false
    return true
  }
}

/// A sink that collects, and pauses before every piece when asked to.
@LoopActor final class TestSink: ResponseSink {
  private(set) var bytes: [UInt8] = []
  private(set) var contentLength: Int?
  private(set) var hasBegun = false
  private let pauses: Bool
  private var hasPaused = false
  /// Aborts when it has so much.
  var abortByteCount: Int?
  var onWritable: (@LoopActor () -> Void)?

  init(pauses: Bool = false) { self.pauses = pauses }

  func begin(headers: ResponseHeaders, contentLength: Int?) -> Bool {
    hasBegun = true
    self.contentLength = contentLength
    return true
  }

  func receive(_ new: Span<UInt8>) -> SinkVerdict {
    if let abortByteCount, bytes.count >= abortByteCount { return .abort }
    if pauses, !hasPaused {
      hasPaused = true
      EventLoop.shared.spawn { self.onWritable?() }
      return .pause
    }
    hasPaused = false
    new.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    return .taken
  }

  func rewind() -> Bool { bytes.isEmpty }
}

/// Bytes that differ from their neighbours, the same each time; a period of 8191 makes a shift by any power of two show.
func testBytes(_ count: Int) -> [UInt8] {
  let period = (0..<8191).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 8)) }
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count + period.count)
  while bytes.count < count { bytes += period }
  return Array(bytes.prefix(count))
}
