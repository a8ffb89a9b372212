import Testing
import WebTier

@Suite("The number of receivers")
struct ReceiverScalingTests {
  @Test("it grows by one with each full batch, up to eight")
  func growth() {
    var scaling = ReceiverScaling()
    #expect(scaling.receiverCount == 1)
    for count in 2...8 {
      #expect(scaling.received(messageCount: 10) == .goAndStartAnother)
      #expect(scaling.receiverCount == count)
    }
    #expect(scaling.received(messageCount: 10) == .go)
    #expect(scaling.receiverCount == 8)
  }

  @Test("it shrinks by one with each empty batch, down to one")
  func shrinking() {
    var scaling = ReceiverScaling()
    for _ in 0..<2 { _ = scaling.received(messageCount: 10) }
    #expect(scaling.received(messageCount: 0) == .stop)
    #expect(scaling.received(messageCount: 0) == .stop)
    #expect(scaling.receiverCount == 1)
    for _ in 0..<100 { #expect(scaling.received(messageCount: 0) == .go) }
  }

  @Test("batches that are neither full nor empty change nothing")
  func steady() {
    var scaling = ReceiverScaling()
    _ = scaling.received(messageCount: 10)
    for count in 0..<1000 { #expect(scaling.received(messageCount: 3 + count % 7) == .go) }
    #expect(scaling.receiverCount == 2)
  }

  @Test("a long run of almost empty batches stops receivers one by one, and a fuller one ends the run")
  func sparse() {
    var scaling = ReceiverScaling()
    for _ in 0..<3 { _ = scaling.received(messageCount: 10) }
    for _ in 0..<31 { #expect(scaling.received(messageCount: 2) == .go) }
    #expect(scaling.received(messageCount: 3) == .go)
    for _ in 0..<31 { #expect(scaling.received(messageCount: 1) == .go) }
    #expect(scaling.received(messageCount: 1) == .stop)
    for _ in 0..<31 { #expect(scaling.received(messageCount: 1) == .go) }
    #expect(scaling.received(messageCount: 1) == .stop)
    #expect(scaling.receiverCount == 2)
  }

  @Test("while calls fail, only the least number goes on")
  func failures() {
    var scaling = ReceiverScaling()
    for _ in 0..<7 { _ = scaling.received(messageCount: 10) }
    for _ in 0..<7 { #expect(scaling.failed() == .stop) }
    #expect(scaling.failed() == .go)
    #expect(scaling.receiverCount == 1)
  }

  @Test("other bounds are kept")
  func bounds() {
    var limits = ReceiverScaling.Limits()
    limits.receiverCountMin = 2
    limits.receiverCountMax = 3
    var scaling = ReceiverScaling(limits: limits)
    #expect(scaling.receiverCount == 2)
    #expect(scaling.received(messageCount: 0) == .go)
    #expect(scaling.received(messageCount: 10) == .goAndStartAnother)
    #expect(scaling.received(messageCount: 10) == .go)
  }
}
