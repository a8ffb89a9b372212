import DequeModule
import EventLoop

/// The bytes of one upload, or of one part of it: appended as the client sends them, read as S3 takes them, and kept
/// for another reading while the process-wide budget allows.
@LoopActor
final class ReplayBuffer {
  private let pool: SlabPool
  private var slabs = Deque<Slab>()
  /// Where reading goes on.
  private var cursor = (slab: 0, offset: 0)
  private var promisedByteCount = 0
  private(set) var receivedByteCount = 0
  private(set) var readByteCount = 0
  /// False once sent bytes have been let go.
  private(set) var canRewind = true

  init(pool: SlabPool) { self.pool = pool }

  var unreadByteCount: Int { receivedByteCount - readByteCount }

  /// Sets aside what is missing of so many bytes in all; see ``SlabPool/promise(_:isOwed:)``.
  func promise(totalByteCount: Int, isOwed: Bool = false) -> Bool {
    let heldByteCount = slabs.reduce(0) { $0 + $1.size.byteCount }
    // The last slab may end beyond the total.
    let missing = max(0, totalByteCount - heldByteCount) + Slab.Size.large.byteCount
    guard pool.promise(missing, isOwed: isOwed) else { return false }
    promisedByteCount = missing
    return true
  }

  func append(_ bytes: Span<UInt8>) {
    if adopt(bytes) { return }
    var offset = 0
    while offset < bytes.count {
      if slabs.last.map({ $0.freeByteCount == 0 }) ?? true { slabs.append(nextSlab()) }
      // The line above made sure of a last slab with room in it.
      let count = slabs[slabs.count - 1].append(bytes, from: offset)
      offset += count
      receivedByteCount += count
    }
  }

  /// Keeps what has just been read where it is: the loop gets other memory to read into. That is worth it for what would
  /// fill more than a slab; what is left unused of the slabs before and after it, at most as much again, counts as used.
  private func adopt(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count > Slab.Size.large.byteCount, promisedByteCount == 0, !pool.isSpent,
      let offset = EventLoop.shared.offsetInReadBuffer(of: bytes)
    else { return false }
    let slab = pool.take(.whole)
    slab.takeReadBuffer(from: offset, byteCount: bytes.count)
    slabs.append(slab)
    receivedByteCount += bytes.count
    return true
  }

  private func nextSlab() -> Slab {
    if promisedByteCount >= Slab.Size.large.byteCount {
      promisedByteCount -= Slab.Size.large.byteCount
      pool.redeem(Slab.Size.large.byteCount)
      return pool.take(.large)
    }
    guard !pool.isSpent else {
      letGo()
      return pool.take(.small)
    }
    return pool.take(receivedByteCount == 0 ? .small : .large)
  }

  /// Lends the next unread bytes, but none at or beyond `limit` of the file, to `take`, which says how many it has taken.
  /// - Parameter isComplete: Whether the file is all here. What is then kept is bounded by nature, and short-lived.
  /// - Returns: False when there are none.
  func lend(upTo limit: Int, isComplete: Bool, to take: (GatheredBytes) -> Int) -> Bool {
    var bytes = GatheredBytes()
    var (slab, offset) = cursor
    let end = min(limit, receivedByteCount) - readByteCount
    while bytes.byteCount < end, !bytes.isFull {
      if offset == slabs[slab].filledByteCount { (slab, offset) = (slab + 1, 0) }
      offset += slabs[slab].append(to: &bytes, from: offset, upTo: end - bytes.byteCount)
    }
    guard bytes.byteCount > 0 else { return false }
    advance(by: take(bytes))
    // Once something has been let go nothing before it can be replayed, so nothing is gained by keeping more.
    if !canRewind || (pool.isSpent && !isComplete) { letGo() }
    return true
  }

  private func advance(by byteCount: Int) {
    readByteCount += byteCount
    var left = byteCount
    while left > 0 {
      if cursor.offset == slabs[cursor.slab].filledByteCount { cursor = (cursor.slab + 1, 0) }
      let step = min(left, slabs[cursor.slab].filledByteCount - cursor.offset)
      cursor.offset += step
      left -= step
    }
  }

  /// Starts again at the first byte; false when it has been let go.
  func rewind() -> Bool {
    guard canRewind else { return false }
    cursor = (0, 0)
    readByteCount = 0
    return true
  }

  /// Gives every slab back.
  func release() {
    for slab in slabs { pool.give(slab) }
    pool.redeem(promisedByteCount)
    promisedByteCount = 0
    slabs = []
    cursor = (0, 0)
    readByteCount = receivedByteCount
    canRewind = receivedByteCount == 0
  }

  /// Gives back what has been read; all of it when nothing else is here.
  private func letGo() {
    guard readByteCount > 0 else { return }
    while cursor.slab > 0 {
      pool.give(slabs.removeFirst())
      cursor.slab -= 1
      canRewind = false
    }
    if unreadByteCount == 0, let last = slabs.popLast() {
      pool.give(last)
      cursor.offset = 0
      canRewind = false
    }
  }
}
