import Glibc

/// SplitMix64 (Steele, Lea, Flood 2014): a plan with the same seed has the same arrivals and service times.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// Exponentially distributed, of mean 1.
  mutating func exponential() -> Double {
    // 53 bits, the middle of each interval: never 0, whose logarithm is none.
    -log((Double(next() >> 11) + 0.5) * 0x1p-53)
  }
}
