import DequeModule
import EventLoop

/// The bytes of one upload: appended as the client sends them, read as S3 takes them, and kept for another reading
/// while the process-wide budget allows.
@LoopActor
final class ReplayBuffer {
  private let pool: SlabPool
  private var slabs = Deque<Slab>()
  /// Where the first slab lies in the file; above zero once sent bytes have been let go.
  private var firstOffset = 0
  private(set) var receivedByteCount = 0
  private(set) var readByteCount = 0

  init(pool: SlabPool) { self.pool = pool }

  var unreadByteCount: Int { receivedByteCount - readByteCount }
  var canRewind: Bool { firstOffset == 0 }

  func append(_ bytes: Span<UInt8>) {
    var offset = 0
    while offset < bytes.count {
      if slabs.last.map({ $0.freeByteCount == 0 }) ?? true {
        if !pool.allowsReplay { releaseRead() }
        slabs.append(pool.take())
      }
      // The loop above made sure of a last slab with room in it.
      let count = slabs[slabs.count - 1].append(bytes, from: offset)
      offset += count
      receivedByteCount += count
    }
  }

  /// Copies the next unread bytes, but none at or beyond `limit` of the file.
  func read(into target: UnsafeMutableRawBufferPointer, upTo limit: Int) -> Int {
    var copied = 0
    let end = min(limit, receivedByteCount)
    while copied < target.count && readByteCount < end {
      let position = readByteCount - firstOffset
      let room = UnsafeMutableRawBufferPointer(
        rebasing: target[copied..<min(target.count, copied + end - readByteCount)])
      let count = slabs[position / Slab.byteCount].copy(from: position % Slab.byteCount, to: room)
      copied += count
      readByteCount += count
    }
    // Once something has been let go nothing before it can be replayed, so nothing is gained by keeping more.
    if !canRewind { releaseRead() }
    return copied
  }

  /// Starts again at the first byte; false when it has been let go.
  func rewind() -> Bool {
    guard canRewind else { return false }
    readByteCount = 0
    return true
  }

  /// Gives every slab back.
  func release() {
    for slab in slabs { pool.give(slab) }
    slabs = []
    firstOffset = receivedByteCount
    readByteCount = receivedByteCount
  }

  private func releaseRead() {
    while slabs.count > 0, readByteCount - firstOffset >= Slab.byteCount {
      pool.give(slabs.removeFirst())
      firstOffset += Slab.byteCount
    }
  }
}
