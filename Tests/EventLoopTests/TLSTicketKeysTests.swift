import TestSupport
import Testing

@testable import EventLoop

@Suite("TLS: ticket keys")
struct TLSTicketKeysTests {
  @Test("who is handed them has the same today and on every later day")
  func handedOver() async throws {
    try await onLoop {
      let keys = TLSTicketKeys()
      let other = try #require(TLSTicketKeys(handedOver: keys.handOver()))
      for _ in 0..<3 {
        #expect(keys.keys(byteCount: 80) == other.keys(byteCount: 80))
        #expect(keys.keys(byteCount: 80).count == 80)
        for keys in [keys, other] { keys.advance(toDay: keys.day + 400) }
      }
      // One that is handed over later has none of the days before.
      let late = try #require(TLSTicketKeys(handedOver: keys.handOver()))
      #expect(late.day == keys.day && late.keys(byteCount: 80) == keys.keys(byteCount: 80))
    }
  }

  @Test("each day has its own, nobody else's, and a clock that goes back changes nothing")
  func days() async throws {
    try await onLoop {
      let keys = TLSTicketKeys()
      let today = keys.day
      var seen: Set<[UInt8]> = [TLSTicketKeys().keys(byteCount: 80)]
      for day in 0..<5 {
        keys.advance(toDay: today + day)
        seen.insert(keys.keys(byteCount: 80))
      }
      #expect(seen.count == 6)
      let last = keys.keys(byteCount: 80)
      keys.advance(toDay: today)
      #expect(keys.keys(byteCount: 80) == last)
      // Nor is any part of the secret among them.
      #expect(!last.starts(with: keys.handOver()[8...]))
    }
  }

  @Test("what nobody has handed over is not taken")
  func malformed() {
    #expect(TLSTicketKeys(handedOver: []) == nil)
    #expect(TLSTicketKeys(handedOver: [UInt8](repeating: 0, count: 39)) == nil)
  }
}
