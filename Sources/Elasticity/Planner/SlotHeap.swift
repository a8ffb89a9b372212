/// The places at workers where an image can be classified, by when they are free: a binary heap in one flat array, with the
/// one that has been free longest, or is free first, at its top.
struct SlotHeap: Sendable {
  struct Slot: Sendable, Equatable {
    var freeAt: Nanoseconds
    let worker: Int32
  }

  private var slots: [Slot] = []

  var count: Int { slots.count }

  /// `Int64.max` when there is no slot.
  @inline(__always) var firstFreeAt: Nanoseconds { slots.isEmpty ? .max : slots[0].freeAt }

  /// The top slot gets an image and is free again later.
  @inline(__always) mutating func occupyFirst(until time: Nanoseconds) {
    let slot = Slot(freeAt: time, worker: slots[0].worker)
    let count = slots.count
    slots.withUnsafeMutableBufferPointer { slots in
      var hole = 0
      var child = 1
      while child < count {
        // Without a branch: which of two children is the smaller is as good as random.
        let right = child + 1
        if right < count { child += slots[right].freeAt < slots[child].freeAt ? 1 : 0 }
        if slots[child].freeAt >= time { break }
        slots[hole] = slots[child]
        hole = child
        child = 2 * hole + 1
      }
      slots[hole] = slot
    }
  }

  mutating func add(worker: Int32, count: Int, freeAt: Nanoseconds) {
    slots.append(contentsOf: repeatElement(Slot(freeAt: freeAt, worker: worker), count: count))
    rebuild()
  }

  mutating func remove(worker: Int32) {
    slots.removeAll { $0.worker == worker }
    rebuild()
  }

  /// When each worker's last image is done, or it came.
  func idleSince() -> [Int32: Nanoseconds] {
    slots.reduce(into: [:]) { $0[$1.worker] = max($0[$1.worker] ?? .min, $1.freeAt) }
  }

  /// A sorted array is a heap; workers come and go seldom.
  private mutating func rebuild() { slots.sort { ($0.freeAt, $0.worker) < ($1.freeAt, $1.worker) } }
}
