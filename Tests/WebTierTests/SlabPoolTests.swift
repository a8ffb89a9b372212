import EventLoop
import TestSupport
import Testing

@testable import WebTier

@Suite("The memory of all uploads")
struct SlabPoolTests {
  @Test("whatever sizes are asked for in turn, used and free slabs together stay within the budget and what is kept")
  func bound() async throws {
    try await onLoop {
      let budgetByteCount = 64 * 1024 * 1024
      let boundByteCount = budgetByteCount + 16 * 1024 * 1024
      let pool = SlabPool(budgetByteCount: budgetByteCount)
      for size in [Slab.Size.small, .large, .whole, .small, .whole] {
        var slabs: [Slab] = []
        while pool.usedByteCount + size.byteCount <= budgetByteCount {
          slabs.append(pool.take(size))
          #expect(pool.memoryByteCount <= boundByteCount)
        }
        #expect(pool.usedByteCount == budgetByteCount)
        for slab in slabs { pool.give(slab) }
        #expect(pool.usedByteCount == 0)
        // Nothing is given back to the system before its time.
        #expect(pool.memoryByteCount >= budgetByteCount)
      }
      pool.close()
    }
  }
}
