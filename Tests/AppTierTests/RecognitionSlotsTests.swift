import EventLoop
import TestSupport
import Testing

@testable import AppTier

@Suite("Slots for recognition")
struct RecognitionSlotsTests {
  @Test("no more get one than there are, and the others get theirs in order")
  func order() async throws {
    try await onLoop {
      let slots = RecognitionSlots(count: 2)
      let log = Log()
      for number in 0..<4 {
        EventLoop.shared.spawn {
          guard (try? await slots.acquire()) != nil else { return }
          log.numbers.append(number)
        }
      }
      await turn()
      #expect(log.numbers == [0, 1])
      slots.release()
      await turn()
      #expect(log.numbers == [0, 1, 2])
      slots.release()
      slots.release()
      slots.release()
      await turn()
      #expect(log.numbers == [0, 1, 2, 3])
    }
  }

  @Test("who is cancelled while waiting gets none, and takes none from the others")
  func cancellation() async throws {
    try await onLoop {
      let slots = RecognitionSlots(count: 1)
      let log = Log()
      try await slots.acquire()
      let cancelled = EventLoop.shared.start {
        try await slots.acquire()
        log.numbers.append(1)
      }
      let patient = EventLoop.shared.start {
        try await slots.acquire()
        log.numbers.append(2)
      }
      await turn()
      cancelled.cancel()
      await #expect(throws: CancellationError.self) { try await cancelled.value }
      slots.release()
      try await patient.value
      #expect(log.numbers == [2])
      slots.release()
      try await slots.acquire()
    }
  }

  @LoopActor private final class Log {
    var numbers: [Int] = []
  }

  @LoopActor private func turn() async { for _ in 0..<8 { await Task.yield() } }
}
