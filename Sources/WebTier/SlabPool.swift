import EventLoop

/// The memory of all uploads of the process, and its budget.
///
/// It gives out as many slabs as are asked for, since what is asked for beyond the budget is bounded by back-pressure:
/// an upload that finds the budget spent keeps nothing of what S3 has taken, and has a slab or two in hand. Memory for a
/// part of an upload of unknown length is promised beforehand, or not at all.
@LoopActor
final class SlabPool {
  /// Free slabs kept for the next uploads: enough for a burst, little enough to give memory back after one.
  private static let freeByteCountMax = 16 * 1024 * 1024

  private let budgetByteCount: Int
  private var freeSmall: [Slab] = []
  private var freeLarge: [Slab] = []
  private(set) var usedByteCount = 0 { didSet { boundReads() } }
  /// Set aside for parts that are being gathered.
  private(set) var promisedByteCount = 0 { didSet { boundReads() } }
  private var areReadsBounded = false

  init(budgetByteCount: Int) { self.budgetByteCount = budgetByteCount }

  /// True once the budget is spent: sent bytes are then let go, and an upload that needs them again is refused.
  var isSpent: Bool { usedByteCount + promisedByteCount + Slab.Size.large.byteCount > budgetByteCount }

  /// Whoever is held back is read no further than the read that brought too much: with the budget spent that is a small
  /// slab's bytes for each client, not everything that has gathered in its socket.
  private func boundReads() {
    guard isSpent != areReadsBounded else { return }
    areReadsBounded.toggle()
    EventLoop.shared.readByteCountMax = areReadsBounded ? Slab.Size.small.byteCount : .max
  }

  func take(_ size: Slab.Size) -> Slab {
    usedByteCount += size.byteCount
    let kept =
      switch size {
      case .small: freeSmall.popLast()
      case .large: freeLarge.popLast()
      }
    return kept ?? Slab(size)
  }

  func give(_ slab: Slab) {
    usedByteCount -= slab.size.byteCount
    slab.reset()
    switch slab.size {
    case .small: keep(slab, in: &freeSmall)
    case .large: keep(slab, in: &freeLarge)
    }
  }

  private func keep(_ slab: Slab, in free: inout [Slab]) {
    if (free.count + 1) * slab.size.byteCount <= SlabPool.freeByteCountMax { free.append(slab) }
  }

  /// Sets memory aside.
  /// - Parameter isOwed: Whether the caller has just given back as much, and is not to fail for what others took.
  /// - Returns: False when the budget does not allow it.
  func promise(_ byteCount: Int, isOwed: Bool = false) -> Bool {
    guard isOwed || usedByteCount + promisedByteCount + byteCount <= budgetByteCount else { return false }
    promisedByteCount += byteCount
    return true
  }

  /// Slabs are taken in a promise's place, or it is not needed any more.
  func redeem(_ byteCount: Int) { promisedByteCount -= byteCount }
}
