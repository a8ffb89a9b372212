import Glibc

/// SplitMix64 (Steele, Lea, Flood 2014): random numbers that come again with the seed. A counter whose values are mixed by a
/// bijection, so that none comes twice in 2^64 and neighbours do not look alike; nothing is secret about them.
///
/// It stands here for the modules that are built on the loop, and takes nothing from it.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// 0..<1.
  package mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Exponentially distributed, of mean 1.
  package mutating func exponential() -> Double {
    // 53 bits, the middle of each interval: never 0, whose logarithm is none.
    -log((Double(next() >> 11) + 0.5) * 0x1p-53)
  }
}
