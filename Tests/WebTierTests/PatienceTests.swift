import HTTP
import Testing

@testable import WebTier

@Suite("How long a client waits")
struct PatienceTests {
  func patience(_ fields: String...) -> Patience {
    var headers = HTTPHeaders()
    for field in fields { headers.add("Prefer", field) }
    return Patience(headers, atMost: .seconds(30))
  }

  @Test("without a preference as long as anybody")
  func none() {
    #expect(patience().duration == .seconds(30))
    #expect(patience("return=minimal").duration == .seconds(30))
    #expect(patience("return=minimal").applied(isPending: true) == nil)
  }

  @Test("RFC 7240 §4.1: respond-async is not at all; it was applied only to what is answered 202")
  func asynchronous() {
    let patience = patience("respond-async")
    #expect(patience.duration == .zero)
    #expect(patience.applied(isPending: true) == "respond-async")
    #expect(patience.applied(isPending: false) == nil)
  }

  @Test("RFC 7240 §4.3: wait is so many seconds, with respond-async too", arguments: [0, 1, 30])
  func wait(seconds: Int) {
    #expect(patience("wait=\(seconds)").duration == .seconds(seconds))
    #expect(patience("wait=\(seconds)").applied(isPending: true) == "wait=\(seconds)")
    for both in [
      patience("respond-async, wait=\(seconds)"), patience("wait=\"\(seconds)\";x, respond-async"),
      patience("respond-async", "wait=\(seconds)"),
    ] {
      #expect(both.duration == .seconds(seconds))
      #expect(both.applied(isPending: true) == "respond-async, wait=\(seconds)")
      #expect(both.applied(isPending: false) == "wait=\(seconds)")
    }
  }

  @Test("nobody waits longer than anybody may, and is not told it did")
  func bound() {
    #expect(patience("wait=31").duration == .seconds(30))
    #expect(patience("wait=31").applied(isPending: true) == nil)
    #expect(patience("wait=\(Int.max)").duration == .seconds(30))
  }

  @Test(
    "what is no number of seconds is no preference",
    arguments: ["wait", "wait=", "wait=-1", "wait=+1", "wait=1.5", "wait=soon", "wait=99999999999999999999"])
  func malformed(text: String) {
    #expect(patience(text).duration == .seconds(30))
    #expect(patience(text, "respond-async").duration == .zero)
    #expect(patience(text).applied(isPending: true) == nil)
  }
}
