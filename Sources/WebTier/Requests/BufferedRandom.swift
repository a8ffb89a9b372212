import Glibc

/// The system's randomness, drawn 256 bytes at a time, which is as much as `getentropy` gives: a system call
/// for each id would be one of the dozen that an upload takes.
struct BufferedRandom: RandomNumberGenerator {
  private static let byteCount = 256
  private var words: [UInt64] = []

  mutating func next() -> UInt64 {
    if words.isEmpty { refill() }
    return words.removeLast()
  }

  private mutating func refill() {
    words = Array(unsafeUninitializedCapacity: Self.byteCount / 8) { words, count in
      // Fails only for wrong arguments.
      precondition(getentropy(words.baseAddress, Self.byteCount) == 0, "the kernel gives no randomness")
      count = words.count
    }
  }
}
