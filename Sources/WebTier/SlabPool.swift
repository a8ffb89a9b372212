import EventLoop

/// The memory of all uploads of the process.
///
/// It gives out as many slabs as are asked for, since what is asked for is bounded by back-pressure, and tells
/// uploads when they may no longer keep what S3 has already taken.
@LoopActor
final class SlabPool {
  /// Free slabs kept for the next uploads: enough for a burst, little enough to give memory back after one.
  private static let freeSlabCountMax = 256

  private let replayByteCountMax: Int
  private var free: [Slab] = []
  private(set) var usedByteCount = 0

  init(replayByteCountMax: Int) { self.replayByteCountMax = replayByteCountMax }

  /// False once the budget is spent: sent bytes are then let go, and an upload that needs them again is refused.
  var allowsReplay: Bool { usedByteCount + Slab.byteCount <= replayByteCountMax }

  func take() -> Slab {
    usedByteCount += Slab.byteCount
    return free.popLast() ?? Slab()
  }

  func give(_ slab: Slab) {
    usedByteCount -= Slab.byteCount
    guard free.count < SlabPool.freeSlabCountMax else { return }
    slab.reset()
    free.append(slab)
  }
}
