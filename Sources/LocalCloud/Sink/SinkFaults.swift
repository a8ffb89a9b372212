import EventLoop

/// Which PUTs fail, and how: drawn from a seeded generator, so that two runs fail alike.
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
  private var generator: SplitMix64

  init(failureShare: Double, resetShare: Double, seed: UInt64) {
    self.failureShare = failureShare
    self.resetShare = resetShare
    generator = SplitMix64(seed: seed)
  }

  /// What happens to the next PUT; `nil` when it goes well.
  func next() -> Fault? {
    guard failureShare > 0 || resetShare > 0 else { return nil }
    let draw = generator.fraction()
    return draw < failureShare ? .failure : draw < failureShare + resetShare ? .reset : nil
  }
}
