/// How the sink is to run.
package struct SinkConfiguration: Sendable {
  package var host = "127.0.0.1"
  /// 0 lets the system choose.
  package var port = 9000
  /// The label that every job is answered with.
  package var label = "tench"
  /// How long after its job an answer comes.
  package var answerDelay: Duration = .zero
  /// So many answers are held back, then all are given at once; 0 holds back none.
  package var heldAnswerCount = 0
  /// The share of object PUTs that get `503 SlowDown` after their body, 0...1.
  package var failureShare = 0.0
  /// The share of object PUTs whose connection is reset before their body has been read, 0...1.
  package var resetShare = 0.0
  /// Of the generator that picks those PUTs: the same seed picks the same ones.
  package var seed: UInt64 = 1
  package var limits = SinkLimits()

  package init() {}
}
