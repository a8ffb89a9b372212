import EventLoop
import Glibc

/// A fixed piece of memory for bytes on their way from a client to S3.
///
/// Filled by one upload at its end and read from its beginning; it goes back to its pool by ``SlabPool/give(_:)``. Pages of
/// its own, since slabs between the small things of an upload would leave the heap in pieces too small for the next slab.
@LoopActor
final class Slab {
  /// Three classes, so that a small image, and a large one that is sent as slowly as it comes, hold a quarter of what a
  /// fast one does, and that what comes at once need not be copied.
  enum Size: Int, CaseIterable {
    case small = 16384
    case large = 65536
    /// What the loop reads at once; see ``Slab/takeReadBuffer(from:byteCount:)``.
    case whole = 131072

    var byteCount: Int { rawValue }

    /// Among all sizes.
    var place: Int {
      switch self {
      case .small: 0
      case .large: 1
      case .whole: 2
      }
    }
  }

  let size: Size
  /// Freed with the slab. Never handed out beyond a call. Touched on the loop only, but for the end of a slab.
  private nonisolated(unsafe) var memory: UnsafeMutableRawBufferPointer
  /// Where in `memory` its first byte is.
  private var start = 0
  private(set) var filledByteCount = 0

  init(_ size: Size) {
    self.size = size
    memory = mapPages(byteCount: size.byteCount)
  }

  deinit { munmap(memory.baseAddress, memory.count) }

  var freeByteCount: Int { size.byteCount - start - filledByteCount }

  /// Appends as many bytes as fit and says how many.
  ///
  /// They may be in its own memory, behind what it holds: the rest of a read that it has taken the first bytes of.
  func append(_ bytes: Span<UInt8>, from offset: Int) -> Int {
    let count = min(freeByteCount, bytes.count - offset)
    bytes.withUnsafeBytes { bytes in
      UnsafeMutableRawBufferPointer(rebasing: memory[(start + filledByteCount)...])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
    }
    filledByteCount += count
    return count
  }

  /// Takes the loop's read buffer for its memory, and the bytes there for its own. Only for an empty one that is whole.
  func takeReadBuffer(from offset: Int, byteCount: Int) {
    precondition(size == .whole && filledByteCount == 0, "only a whole slab takes the place of the read buffer")
    memory = EventLoop.shared.exchangeReadBuffer(for: memory)
    start = offset
    filledByteCount = byteCount
  }

  /// Adds what it holds from `offset` on to `bytes` and says how many that are.
  func append(to bytes: inout GatheredBytes, from offset: Int, upTo byteCountMax: Int) -> Int {
    let count = min(filledByteCount - offset, byteCountMax)
    let place = start + offset
    bytes.append(UnsafeRawBufferPointer(rebasing: memory[place..<place + count]))
    return count
  }

  func reset() {
    start = 0
    filledByteCount = 0
  }
}
