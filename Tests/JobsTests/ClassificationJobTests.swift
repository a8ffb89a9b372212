import EventLoop
import Foundation
import Jobs
import TestSupport
import Testing

@Suite("Job messages")
struct ClassificationJobTests {
  static let id = JobIDTests.example
  static let body = """
    {"v":1,"id":"\(id)","bucket":"in","key":"\(id)/test_0.JPEG","name":"test 0.JPEG",\
    "replyTo":"http://127.0.0.1:9324/000000000000/saccade-replies-a","receivedAt":"2026-11-24T03:24:47.123Z"}
    """

  func job(name: String = "test 0.JPEG", receivedAt: Date = Date(timeIntervalSince1970: 1.5)) throws
    -> ClassificationJob
  {
    let id = try #require(JobID(Self.id))
    return ClassificationJob(
      key: ObjectKey(id: id, fileName: name), bucket: "in", name: name,
      replyTo: "http://127.0.0.1:9324/000000000000/saccade-replies-a", receivedAt: receivedAt)
  }

  @Test("the message of the design is read")
  func reading() throws {
    let job = try ClassificationJob(decoding: Array(Self.body.utf8))
    #expect(job.id.description == Self.id)
    #expect(job.bucket == "in")
    #expect(job.key.description == Self.id + "/test_0.JPEG")
    #expect(job.name == "test 0.JPEG")
    #expect(job.replyTo == "http://127.0.0.1:9324/000000000000/saccade-replies-a")
    #expect(abs(job.receivedAt.timeIntervalSince1970 - 1_795_490_687.123) < 0.000_5)
  }

  @Test("the message that is written is the one of the design")
  func writing() throws {
    let job = try ClassificationJob(decoding: Array(Self.body.utf8))
    let written = try JSONSerialization.jsonObject(with: Data(try job.encoded())) as? NSDictionary
    let expected = try JSONSerialization.jsonObject(with: Data(Self.body.utf8)) as? NSDictionary
    #expect(written != nil)
    #expect(written == expected)
  }

  @Test("a name with anything in it comes back")
  func names() throws {
    for name in ["", "\"\\/\u{8}\u{0}\u{1f}", "猫\u{1F63A}.jpg", "</script>&amp;", "\u{2028}\u{feff}"] {
      let job = try job(name: name)
      #expect(try ClassificationJob(decoding: job.encoded()) == job)
    }
  }

  @Test("what SQS would refuse a message for is replaced")
  func noncharacters() throws {
    let bytes = try job(name: "a\u{fffe}b\u{ffff}\u{fffd}\u{f000}\u{10ffff}").encoded()
    #expect(try ClassificationJob(decoding: bytes).name == "a\u{fffd}b\u{fffd}\u{fffd}\u{f000}\u{10ffff}")
    #expect(String(validating: bytes, as: UTF8.self) != nil)
  }

  @Test("a name is cut at its bound, between characters")
  func nameBound() throws {
    #expect(try job(name: String(repeating: "a", count: 1025)).name.utf8.count == 1024)
    #expect(try job(name: "a" + String(repeating: "é", count: 1024)).name.utf8.count == 1023)
    // The longest name in its longest spelling stays within the message's bound.
    #expect(try job(name: String(repeating: "\u{1}", count: 2000)).encoded().count < JobMessageCoder.byteCountMax)
  }

  @Test("every millisecond reads back as it was written")
  func timestamps() throws {
    var random = SplitMix64(seed: 9)
    for _ in 0..<300 {
      let milliseconds = Int64.random(in: 0..<4_000_000_000_000, using: &random)
      let job = try job(receivedAt: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
      let back = try ClassificationJob(decoding: job.encoded())
      #expect(Int64((back.receivedAt.timeIntervalSince1970 * 1000).rounded()) == milliseconds)
    }
  }

  @Test("members that are not known are ignored, and a time may do without its fraction")
  func tolerance() throws {
    let body = Self.body.replacing("{\"v\":1,", with: "{\"trace\":{\"a\":[1]},\"v\":1,").replacing(".123Z", with: "Z")
    #expect(try ClassificationJob(decoding: Array(body.utf8)).receivedAt.timeIntervalSince1970 == 1_795_490_687)
  }

  @Test("the model that is asked for is kept; a message without one asks for the default")
  func model() throws {
    #expect(try ClassificationJob(decoding: Array(Self.body.utf8)).model == nil)
    #expect(!String(decoding: try job().encoded(), as: UTF8.self).contains("model"))
    let name = try #require(ModelName("big.v2"))
    let plain = try job()
    let job = ClassificationJob(
      key: plain.key, bucket: plain.bucket, name: plain.name, replyTo: plain.replyTo, receivedAt: plain.receivedAt,
      model: name)
    #expect(try ClassificationJob(decoding: job.encoded()) == job)
    #expect(job != plain)
  }

  @Test("what cannot be a model's name is refused, and not taken for the default", arguments: ["\"\"", "\"a b\"", "1"])
  func malformedModel(value: String) {
    let body = Self.body.replacing("{\"v\":1,", with: "{\"v\":1,\"model\":\(value),")
    #expect(throws: JobMessageError.self) { try ClassificationJob(decoding: Array(body.utf8)) }
  }

  @Test("a model's name is 1 to 64 of a few characters")
  func modelNames() {
    for text in ["a", "efficientnet-lite0", "A_b.9", String(repeating: "x", count: 64)] {
      #expect(ModelName(text)?.description == text)
    }
    for text in ["", String(repeating: "x", count: 65), "a b", "a/b", "a=b", "é", "a\n", "a\0"] {
      #expect(ModelName(text) == nil, "\(text)")
    }
  }

  @Test("another version is told apart before anything else is read")
  func version() {
    #expect(throws: JobMessageError.unsupportedVersion(2)) {
      try ClassificationJob(decoding: Array(#"{"v":2,"job":"of tomorrow"}"#.utf8))
    }
  }

  @Test(
    "a malformed message is refused",
    arguments: [
      ("", "not JSON"), ("[]", "another type"), ("{}", "v is missing"), ("{\"v\":\"1\"}", "v is of another type"),
      ("{\"v\":1", "not JSON"), ("{\"v\":1}", "id is missing"), ("{\"v\":1,\"id\":null}", "id is"),
      ("{\"v\":1,\"id\":\"x\"}", "id: it is not a UUID"), ("\u{ff}", "not JSON"),
    ])
  func malformed(body: String, reason: String) {
    #expect {
      try ClassificationJob(decoding: Array(body.utf8))
    } throws: { error in
      guard case .malformed(let detail) = error as? JobMessageError else { return false }
      return detail.contains(reason)
    }
  }

  @Test(
    "a member of a wrong kind is refused",
    arguments: [
      ("\"bucket\":\"in\"", "\"bucket\":1"), (".123Z", ".123+02:00Z"), (".123Z", ".123+02:00"), (".123Z", ".123Zoo"),
      (".123Z", ""), ("2026-11-24T", "yesterday"),
      ("\"name\":\"test 0.JPEG\",", ""), ("/test_0.JPEG", "/../test_0.JPEG"), ("/test_0.JPEG", ""),
      ("\"key\":\"017f", "\"key\":\"018f"),
    ])
  func wrongMembers(old: String, new: String) {
    #expect(Self.body.contains(old))
    #expect(throws: JobMessageError.self) {
      try ClassificationJob(decoding: Array(Self.body.replacing(old, with: new).utf8))
    }
  }

  @Test("a message past the bound is refused unread, and not written")
  func size() throws {
    let filler = JobMessageCoder.byteCountMax - Self.body.utf8.count
    #expect(throws: Never.self) {
      try ClassificationJob(decoding: Array((Self.body + String(repeating: " ", count: filler)).utf8))
    }
    #expect(throws: JobMessageError.tooLarge(byteCountMax: 16384)) {
      try ClassificationJob(decoding: Array((Self.body + String(repeating: " ", count: filler + 1)).utf8))
    }
    let job = try job()
    let large = ClassificationJob(
      key: job.key, bucket: String(repeating: "b", count: 20_000), name: "n", replyTo: "r", receivedAt: job.receivedAt)
    #expect(throws: JobMessageError.tooLarge(byteCountMax: 16384)) { try large.encoded() }
  }

  @Test("deep nesting is an error, not the end of the process")
  func nesting() {
    let body = "{\"v\":1,\"x\":" + String(repeating: "[", count: 16_000) + "}"
    #expect(throws: JobMessageError.self) { try ClassificationJob(decoding: Array(body.utf8)) }
  }
}
