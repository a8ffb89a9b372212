import Testing

@testable import WebTier

@Suite("Ring")
struct RingTests {
  @Test("it keeps the last ones, in their order", arguments: 1...5)
  func order(countMax: Int) {
    var ring = Ring<Int>(countMax: countMax)
    #expect(ring.isEmpty && ring.first == nil && ring.last == nil)
    for number in 1...12 {
      ring.append(number)
      let kept = Array(max(1, number - countMax + 1)...number)
      #expect(ring.inOrder == kept)
      #expect(ring.first == kept.first && ring.last == number && ring.count == kept.count)
    }
  }
}
