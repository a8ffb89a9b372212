import Foundation
import Testing

@testable import AppTier

@Suite("Notices of an instance's end")
struct InstanceNoticeTests {
  let now = Date(timeIntervalSince1970: 1_790_000_000)

  @Test("a spot instance has until the time it is told")
  func spot() {
    let time = (now + 90).formatted(.iso8601)
    let notice = InstanceNotice(spotAction: #"{"action": "stop", "time": "\#(time)"}"#)
    #expect(notice == .spotInterruption(action: "stop", at: now + 90))
    #expect(notice.remaining(at: now) == .seconds(90))
    #expect(notice.remaining(at: now + 91) == .zero)
    // By a clock that is wrong it has no longer than the notice is.
    #expect(notice.remaining(at: now - 86_400) == .seconds(120))
  }

  @Test(
    "what cannot be read, or names no time, is a notice of two minutes",
    arguments: ["", "terminate", #"{"action":"hibernate"}"#, #"{"action":"stop","time":"soon"}"#, "[]"])
  func illegible(document: String) {
    #expect(InstanceNotice(spotAction: document).remaining(at: now) == .seconds(120))
  }

  @Test("a group that terminates the instance names no time")
  func terminated() { #expect(InstanceNotice.terminated.remaining(at: now) == nil) }
}
