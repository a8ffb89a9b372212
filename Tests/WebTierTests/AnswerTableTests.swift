import EventLoop
import Jobs
import TestSupport
import Testing

@testable import WebTier

@Suite("The clients that wait for an answer")
struct AnswerTableTests {
  @Test(
    "who waits a short time is let go at its end, although others came first and wait long", .timeLimit(.minutes(1)))
  func shortWait() async throws {
    try await onLoop {
      let table = AnswerTable(limits: WebLimits())
      let identifiers = JobIDSource()
      for deadline in [600, 300, 900] {
        _ = try table.expect(identifiers.next(), until: .now + .seconds(deadline))
      }
      for milliseconds in [20, 0, 10] {
        let waiter = try table.expect(identifiers.next(), until: .now + .milliseconds(milliseconds))
        let reply = try await withUnsafeContinuation { waiter.reply(to: $0) }.get()
        guard case .pending(waiter.id) = reply else {
          Issue.record("\(reply)")
          continue
        }
      }
      #expect(table.count == 3)
      table.close()
    }
  }
}
