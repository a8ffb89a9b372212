import EventLoop

/// The memory of all uploads of the process, and its budget.
///
/// It gives out as many slabs as are asked for, since what is asked for beyond the budget is bounded by back-pressure:
/// an upload that finds the budget spent keeps nothing of what S3 has taken, and has a slab or two in hand. Memory for a
/// part of an upload of unknown length is promised beforehand, or not at all.
///
/// What is given back is kept for the next uploads. Free slabs beyond `keptByteCount` that nobody has needed for a while
/// go back to the system: a steady load never pays for their pages twice, and after a burst they are gone.
@LoopActor
final class SlabPool {
  /// Free slabs that are kept for good, of each size.
  private nonisolated static let keptByteCount = 16 * 1024 * 1024
  /// How long others are kept.
  private static let trimInterval: Duration = .seconds(1)

  /// Free slabs of one size.
  private struct FreeList {
    let size: Slab.Size
    private var slabs: [Slab] = []
    /// The fewest there have been since the last trim: so many were superfluous.
    private var countMin = 0

    init(_ size: Slab.Size) { self.size = size }

    var byteCount: Int { slabs.count * size.byteCount }

    mutating func take() -> Slab? {
      let slab = slabs.popLast()
      countMin = min(countMin, slabs.count)
      return slab
    }

    mutating func give(_ slab: Slab) { slabs.append(slab) }

    /// Frees what has been superfluous, but for `keptByteCount`.
    mutating func trim() {
      let superfluousCount = min(countMin, max(0, byteCount - SlabPool.keptByteCount) / size.byteCount)
      slabs.removeFirst(superfluousCount)
      countMin = slabs.count
    }
  }

  private let budgetByteCount: Int
  /// Free slabs, by the place of their size among all.
  private var free = Slab.Size.allCases.map { FreeList($0) }
  private var timer: LoopTimer?
  private(set) var usedByteCount = 0 { didSet { boundReads() } }
  /// Set aside for parts that are being gathered.
  private(set) var promisedByteCount = 0 { didSet { boundReads() } }
  private var areReadsBounded = false

  init(budgetByteCount: Int) { self.budgetByteCount = budgetByteCount }

  /// True once the budget is spent: sent bytes are then let go, and an upload that needs them again is refused.
  var isSpent: Bool { usedByteCount + promisedByteCount + Slab.Size.whole.byteCount > budgetByteCount }

  /// Whoever is held back is read no further than the read that brought too much: with the budget spent that is a small
  /// slab's bytes for each client, not everything that has gathered in its socket.
  private func boundReads() {
    guard isSpent != areReadsBounded else { return }
    areReadsBounded.toggle()
    EventLoop.shared.readByteCountMax = areReadsBounded ? Slab.Size.small.byteCount : .max
  }

  func take(_ size: Slab.Size) -> Slab {
    usedByteCount += size.byteCount
    return free[size.place].take() ?? make(size)
  }

  /// Slabs of other sizes that lie idle go for one that is made while they would exceed the budget with it: what is used
  /// and what is free is bounded by it together, and by the slabs that are kept.
  private func make(_ size: Slab.Size) -> Slab {
    var excess = memoryByteCount - budgetByteCount - SlabPool.keptByteCount
    while excess > 0 {
      let place = free.indices.max { free[$0].byteCount < free[$1].byteCount } ?? 0
      guard let slab = free[place].take() else { break }
      excess -= slab.size.byteCount
    }
    return Slab(size)
  }

  /// Of all slabs, used and free.
  var memoryByteCount: Int { free.reduce(usedByteCount) { $0 + $1.byteCount } }

  func give(_ slab: Slab) {
    usedByteCount -= slab.size.byteCount
    slab.reset()
    free[slab.size.place].give(slab)
    if timer == nil, hasSurplus { startTrimming() }
  }

  private var hasSurplus: Bool { free.contains { $0.byteCount > SlabPool.keptByteCount } }

  private func startTrimming() {
    let timer = LoopTimer { [weak self] in self?.trim() }
    timer.start(after: SlabPool.trimInterval, repeating: SlabPool.trimInterval)
    self.timer = timer
  }

  private func trim() {
    for place in free.indices { free[place].trim() }
    if !hasSurplus { close() }
  }

  /// For the end of the process; what is given back afterwards goes with it.
  func close() {
    timer?.close()
    timer = nil
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
