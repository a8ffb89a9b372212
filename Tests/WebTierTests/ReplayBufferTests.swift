import EventLoop
import TestSupport
import Testing

@testable import WebTier

@Suite("The bytes of an upload in memory")
struct ReplayBufferTests {
  private static let budgetByteCount = 1024 * 1024

  /// Puts memory with these bytes, `offset` into it, in the place of the loop's read buffer.
  @LoopActor private static func fillReadBuffer(with bytes: [UInt8], at offset: Int) -> UnsafeMutableRawBufferPointer {
    let memory = mapPages(byteCount: EventLoop.readBufferByteCount)
    UnsafeMutableRawBufferPointer(rebasing: memory[offset...]).copyBytes(from: bytes)
    // The other is lost to the process, once a test.
    _ = EventLoop.shared.exchangeReadBuffer(for: memory)
    return memory
  }

  private static func bytes(
    _ memory: UnsafeMutableRawBufferPointer, _ range: Range<Int>
  ) -> UnsafeBufferPointer<UInt8> {
    UnsafeRawBufferPointer(rebasing: memory[range]).bindMemory(to: UInt8.self)
  }

  @LoopActor private static func isReadBuffer(_ memory: UnsafeMutableRawBufferPointer) -> Bool {
    EventLoop.shared.offsetInReadBuffer(of: bytes(memory, 0..<100).span) == 0
  }

  /// Reads all there is, as S3 would take it.
  @LoopActor private static func read(_ buffer: ReplayBuffer) -> (bytes: [UInt8], pieces: [UnsafeRawPointer]) {
    var bytes: [UInt8] = []
    var pieces: [UnsafeRawPointer] = []
    while buffer.lend(
      upTo: .max, isComplete: true,
      to: { gathered in
        for index in 0..<gathered.count {
          bytes += gathered[index]
          if let start = gathered[index].baseAddress { pieces.append(start) }
        }
        return gathered.byteCount
      })
    {}
    return (bytes, pieces)
  }

  @Test("what would fill more than a slab stays where it was read, and the loop reads elsewhere")
  func adopts() async throws {
    try await onLoop {
      let pool = SlabPool(budgetByteCount: Self.budgetByteCount)
      let buffer = ReplayBuffer(pool: pool)
      let image = photograph(100_000)
      let memory = Self.fillReadBuffer(with: image, at: 300)
      buffer.append(Self.bytes(memory, 300..<100_300).span)
      #expect(pool.usedByteCount == Slab.Size.whole.byteCount)
      #expect(!Self.isReadBuffer(memory))
      let first = Self.read(buffer)
      #expect(first.pieces == [UnsafeRawPointer(memory.baseAddress! + 300)])
      #expect(Fingerprint(first.bytes) == Fingerprint(image))
      #expect(buffer.rewind())
      #expect(Fingerprint(Self.read(buffer).bytes) == Fingerprint(image))
      buffer.release()
      #expect(pool.usedByteCount == 0)
      pool.close()
    }
  }

  @Test("what else comes of the same read, and of later ones, goes behind it", arguments: [0, 1, 37])
  func rest(gap: Int) async throws {
    try await onLoop {
      let pool = SlabPool(budgetByteCount: Self.budgetByteCount)
      let buffer = ReplayBuffer(pool: pool)
      let before = photograph(20_000, seed: 2)
      let image = photograph(100_000)
      let after = photograph(90_000, seed: 3)
      buffer.append(before.span)
      // As a parser emits them that has found something between two pieces: a chunk's head, or what only looked like a
      // delimiter, which it emits from elsewhere.
      let memory = Self.fillReadBuffer(with: image, at: 100)
      buffer.append(Self.bytes(memory, 100..<70_100).span)
      let between = Array(image[70_000..<70_000 + gap])
      if gap == 37 { buffer.append(between.span) }
      buffer.append(Self.bytes(memory, 70_100 + gap..<100_100).span)
      buffer.append(after.span)
      let all = before + image[..<70_000] + (gap == 37 ? between : []) + image[(70_000 + gap)...] + after
      #expect(buffer.receivedByteCount == all.count)
      #expect(Fingerprint(Self.read(buffer).bytes) == Fingerprint(all))
      buffer.release()
      #expect(pool.usedByteCount == 0)
      pool.close()
    }
  }

  @Test("small reads, bytes from elsewhere, and whatever comes while memory is short are copied")
  func copies() async throws {
    try await onLoop {
      let pool = SlabPool(budgetByteCount: Self.budgetByteCount)
      let buffer = ReplayBuffer(pool: pool)
      let image = photograph(100_000)
      let memory = Self.fillReadBuffer(with: image, at: 0)
      buffer.append(Self.bytes(memory, 0..<Slab.Size.large.byteCount).span)
      let rest = Array(image[Slab.Size.large.byteCount...])
      buffer.append(rest.span)
      #expect(Self.isReadBuffer(memory))
      #expect(Fingerprint(Self.read(buffer).bytes) == Fingerprint(image))

      let poor = SlabPool(budgetByteCount: Slab.Size.small.byteCount)
      let second = ReplayBuffer(pool: poor)
      #expect(poor.isSpent)
      second.append(Self.bytes(memory, 0..<100_000).span)
      #expect(Self.isReadBuffer(memory))
      #expect(Fingerprint(Self.read(second).bytes) == Fingerprint(image))
      buffer.release()
      second.release()
      pool.close()
      poor.close()
      EventLoop.shared.readByteCountMax = .max
    }
  }
}
