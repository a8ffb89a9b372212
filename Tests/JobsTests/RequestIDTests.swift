import Foundation
import Jobs
import Testing

@Suite("Request ids")
struct RequestIDTests {
  @Test("what can stand anywhere without being escaped is an id", arguments: ["a", "A-Z.0_9", "550e8400-e29b"])
  func sane(text: String) {
    #expect(RequestID(text)?.description == text)
  }

  @Test("anything else is none", arguments: ["", " a", "a b", "a\"", "a\r\nb", "ä", "a/b", "\u{0}", "{}"])
  func insane(text: String) {
    #expect(RequestID(text) == nil)
  }

  @Test("an id has 128 bytes at most")
  func bound() {
    #expect(RequestID(String(repeating: "x", count: RequestID.byteCountMax)) != nil)
    #expect(RequestID(String(repeating: "x", count: RequestID.byteCountMax + 1)) == nil)
  }

  @Test("every bit counts in an id that is made, and it is one by the rules")
  func made() {
    let ids = (0..<64).map { RequestID(bits: 1 << UInt64($0)).description } + [RequestID(bits: 0).description]
    #expect(Set(ids).count == 65)
    for id in ids { #expect(RequestID(id)?.description.utf8.count == 13) }
  }

  @Test("it travels in the job and in the answer, and an older side without it is understood")
  func messages() throws {
    let old = try ClassificationJob(decoding: Array(ClassificationJobTests.body.utf8))
    #expect(old.requestID == nil)
    let id = try #require(RequestID("req-1"))
    let job = ClassificationJob(
      key: old.key, bucket: "in", name: "n", replyTo: "r", receivedAt: old.receivedAt, requestID: id)
    #expect(try ClassificationJob(decoding: job.encoded()).requestID == id)
    let error = ClassificationError(code: .undecodableImage, message: "It is broken.")
    let answer = ClassificationAnswer(id: job.id, outcome: .failure(error), requestID: id)
    #expect(try ClassificationAnswer(decoding: answer.encoded()) == answer)
    let object = try JSONSerialization.jsonObject(with: Data(answer.encoded())) as? NSDictionary
    #expect(object?["requestId"] as? String == "req-1")
    #expect(object?["v"] as? Int == 1)
  }

  @Test("one that is not sane costs neither job nor answer", arguments: ["\"a b\"", "7", "null", "[]"])
  func tolerance(value: String) throws {
    let job = ClassificationJobTests.body.replacing("{\"v\":1,", with: "{\"v\":1,\"requestId\":\(value),")
    #expect(try ClassificationJob(decoding: Array(job.utf8)).requestID == nil)
    let answer = ClassificationAnswerTests.success.replacing("{\"v\":1,", with: "{\"v\":1,\"requestId\":\(value),")
    #expect(try ClassificationAnswer(decoding: Array(answer.utf8)).requestID == nil)
  }

  @Test("an envelope has the answer's timings, and does without those that are not to be understood")
  func timings() throws {
    let timings = try AnswerEnvelope(decoding: Array(ClassificationAnswerTests.success.utf8)).timings
    #expect(timings?.classify == 6.25)
    #expect(timings?.total == 12)
    #expect(timings?.queue == nil)
    let odd = ClassificationAnswerTests.success.replacing("\"classify\":6.25", with: "\"classify\":\"soon\"")
    let envelope = try AnswerEnvelope(decoding: Array(odd.utf8))
    #expect(envelope.timings == nil)
    #expect(envelope.outcome == .success("tench"))
  }
}
