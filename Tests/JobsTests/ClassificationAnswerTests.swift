import Foundation
import Jobs
import Testing

@Suite("Answer messages")
struct ClassificationAnswerTests {
  static let id = JobIDTests.example
  static let success = """
    {"v":1,"id":"\(id)","key":"\(id)/test_0.JPEG","name":"test_0.JPEG","label":"tench","confidence":0.93,\
    "top":[{"label":"tench","wnid":"n01440764","confidence":0.93},{"label":"goldfish","confidence":0.02}],\
    "model":"efficientnet-lite0","worker":"w-1","timings":{"fetch":1.5,"decode":2,"classify":6.25,"total":12}}
    """
  static let failure = """
    {"v":1,"id":"\(id)","error":{"code":"undecodable-image","message":"The JPEG ends in the middle."}}
    """

  func object(_ bytes: some Sequence<UInt8>) throws -> NSDictionary {
    try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary)
  }

  func classification(_ confidences: [Float], name: String = "n") throws -> Classification {
    Classification(
      key: ObjectKey(id: try #require(JobID(Self.id)), fileName: name), name: name,
      candidates: confidences.map { .init(label: "\($0)", wnid: nil, confidence: $0) }, model: "m", worker: "w",
      timings: .init(queue: .microseconds(1500), total: .seconds(2)))
  }

  @Test("the answer of the design is read and written")
  func success() throws {
    let answer = try ClassificationAnswer(decoding: Array(Self.success.utf8))
    let classification = try answer.outcome.get()
    #expect(classification.label == "tench")
    #expect(classification.confidence == 0.93)
    #expect(classification.top.map(\.wnid) == ["n01440764", nil])
    #expect(classification.timings.classify == 6.25)
    #expect(classification.timings.queue == nil)
    #expect(try object(answer.encoded()) == object(Self.success.utf8))
  }

  @Test("an answer names its model's version, if there is one; an answer without is still read")
  func modelVersion() throws {
    let body = Self.success.replacing("\"worker\"", with: "\"modelVersion\":\"0.1.0\",\"worker\"")
    let answer = try ClassificationAnswer(decoding: Array(body.utf8))
    #expect(try answer.outcome.get().modelVersion == "0.1.0")
    #expect(try object(answer.encoded()) == object(body.utf8))
    #expect(try AnswerEnvelope(decoding: Array(body.utf8)).outcome == .success("tench"))
    #expect(try ClassificationAnswer(decoding: Array(Self.success.utf8)).outcome.get().modelVersion == nil)
  }

  @Test("the error of the design is read and written")
  func failure() throws {
    let answer = try ClassificationAnswer(decoding: Array(Self.failure.utf8))
    #expect(
      answer.outcome
        == .failure(ClassificationError(code: .undecodableImage, message: "The JPEG ends in the middle.")))
    #expect(try object(answer.encoded()) == object(Self.failure.utf8))
  }

  @Test("an envelope has the same id and outcome as the whole answer")
  func envelope() throws {
    for body in [Self.success, Self.failure] {
      let answer = try ClassificationAnswer(decoding: Array(body.utf8))
      let envelope = try AnswerEnvelope(decoding: Array(body.utf8))
      #expect(envelope.id == answer.id)
      #expect(envelope.outcome == answer.outcome.map(\.label))
    }
    #expect(throws: JobMessageError.unsupportedVersion(7)) { try AnswerEnvelope(decoding: Array("{\"v\":7}".utf8)) }
    #expect(throws: JobMessageError.malformed("label is missing")) {
      try AnswerEnvelope(decoding: Array("{\"v\":1,\"id\":\"\(Self.id)\"}".utf8))
    }
  }

  @Test("an error's code that is not known is kept")
  func unknownCode() throws {
    let body = Self.failure.replacing("undecodable-image", with: "too-many-cats")
    guard case .failure(let error) = try ClassificationAnswer(decoding: Array(body.utf8)).outcome else {
      Issue.record("not a failure")
      return
    }
    #expect(error.code.rawValue == "too-many-cats")
  }

  @Test("a classification takes its label from its first candidate and keeps five")
  func candidates() throws {
    let classification = try classification([0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625])
    #expect(classification.label == "0.5")
    #expect(classification.confidence == 0.5)
    #expect(classification.top.map(\.confidence) == [0.5, 0.25, 0.125, 0.0625, 0.03125])
    #expect(classification.timings.queue == 1.5)
    #expect(classification.timings.total == 2000)
    let answer = ClassificationAnswer(id: classification.key.id, outcome: .success(classification))
    #expect(try ClassificationAnswer(decoding: answer.encoded()) == answer)
  }

  @Test("a confidence that is no number is an error of the writer's, not a message")
  func notFinite() throws {
    for confidence in [Float.nan, .infinity] {
      let classification = try classification([confidence])
      #expect(throws: JobMessageError.unencodable) {
        try ClassificationAnswer(id: classification.key.id, outcome: .success(classification)).encoded()
      }
    }
  }

  @Test("an answer without a label and without an error is malformed")
  func neither() {
    let body = "{\"v\":1,\"id\":\"\(Self.id)\"}"
    #expect(throws: JobMessageError.malformed("key is missing")) {
      try ClassificationAnswer(decoding: Array(body.utf8))
    }
    #expect(throws: JobMessageError.unsupportedVersion(7)) {
      try ClassificationAnswer(decoding: Array("{\"v\":7}".utf8))
    }
  }

  @Test("unknown members are ignored at every level")
  func tolerance() throws {
    let body = Self.success.replacing("\"wnid\"", with: "\"new\":{},\"wnid\"").replacing(
      "\"fetch\"", with: "\"vote\":1,\"fetch\"")
    #expect(throws: Never.self) { try ClassificationAnswer(decoding: Array(body.utf8)) }
  }

  @Test("an error's message is cut at its bound")
  func messageBound() {
    let error = ClassificationError(code: .internal, message: String(repeating: "é", count: 1000))
    #expect(error.message.utf8.count == 1024)
  }
}
