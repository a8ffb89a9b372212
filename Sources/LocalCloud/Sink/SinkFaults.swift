import EventLoop

/// Which PUTs fail, and how: drawn from a seeded generator (SplitMix64; Steele, Lea, Flood 2014), so that two runs fail
/// alike.
@LoopActor
final class SinkFaults {
  enum Fault {
    /// `503 SlowDown`, which clients try again.
    case failure
    /// The connection ends in a reset.
    case reset
  }

  private let failureShare: Double
  private let resetShare: Double
  private var state: UInt64

  init(failureShare: Double, resetShare: Double, seed: UInt64) {
    self.failureShare = failureShare
    self.resetShare = resetShare
    state = seed
  }

  /// What happens to the next PUT; `nil` when it goes well.
  func next() -> Fault? {
    guard failureShare > 0 || resetShare > 0 else { return nil }
    let draw = draw()
    return draw < failureShare ? .failure : draw < failureShare + resetShare ? .reset : nil
  }

  /// 0..<1
  private func draw() -> Double {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    mixed ^= mixed >> 31
    return Double(mixed >> 11) * 0x1p-53
  }
}
