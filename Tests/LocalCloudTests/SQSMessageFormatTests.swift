import AWS
import Testing

@testable import LocalCloud

@Suite("SQS: digests, handles, texts and names")
struct SQSMessageFormatTests {
  // Worked out with an independent implementation of the published algorithm, and checked against the digests AWS's
  // own clients verify.
  @Test("the MD5 of message attributes follows the published algorithm")
  func attributeDigest() {
    let text = MessageAttribute(dataType: "String", stringValue: "value")
    #expect(MessageAttributeDigest.md5(of: [:]) == nil)
    #expect(MessageAttributeDigest.md5(of: ["name": text]) == "25ada41cad9d6e55ad5a2b3d2da508a2")
    let all = [
      "b.bytes": MessageAttribute(dataType: "Binary.png", binaryValue: Base64.encode([0, 1, 254, 255])),
      "a-number": MessageAttribute(dataType: "Number.float", stringValue: "3.14"),
      "Z": MessageAttribute(dataType: "String", stringValue: "größer"),
    ]
    #expect(MessageAttributeDigest.md5(of: all) == "d37c1fd4ae39854168118e554199949f")
  }

  @Test("a receipt handle comes back as it went out; anything else is not one")
  func receiptHandles() throws {
    var message = QueuedMessage(sequence: 0x0123_4567_89ab_cdef, sentAt: EpochTime(milliseconds: 0))
    message.receiveCount = 77
    let handle = ReceiptHandle(queue: 42, message)
    #expect(ReceiptHandle(handle.text) == handle)
    for text in ["", "garbage", "AAAA", String(handle.text.dropLast(4)), handle.text + "AAAA"] {
      #expect(ReceiptHandle(text) == nil)
    }
    // A change of any bit is noticed.
    let bytes = try #require(Base64.decode(handle.text))
    for index in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << UInt8(bit)
        #expect(ReceiptHandle(Base64.encode(damaged)) == nil)
      }
    }
  }

  @Test("message ids are random UUIDs and survive being kept as two integers")
  func messageIDs() {
    let ids = (0..<1000).map { _ in MessageID.random() }
    #expect(Set(ids).count == 1000)
    for id in ids {
      let text = Array(id.text.utf8)
      #expect(text.count == 36)
      #expect(text[14] == UInt8(ascii: "4"))
      #expect("89ab".utf8.contains(text[19]))
      #expect(MessageID(high: id.halves.high, low: id.halves.low) == id)
    }
    #expect(
      MessageID(high: 0x0011_2233_4455_4677, low: -0x7766_5544_3322_1101).text
        == "00112233-4455-4677-8899-aabbccddeeff")
  }

  @Test("texts are checked at every border of what XML allows")
  func texts() {
    for allowed in [0x9, 0xA, 0xD, 0x20, 0x7F, 0xD7FF, 0xE000, 0xFFFD, 0x10000, 0x10FFFF] as [UInt32] {
      guard let scalar = Unicode.Scalar(allowed) else { continue }
      #expect(MessageText.isValid("a\(scalar)b"), "U+\(String(allowed, radix: 16))")
    }
    for refused in [0x0, 0x1, 0x8, 0xB, 0xC, 0xE, 0x1F, 0xFFFE, 0xFFFF] as [UInt32] {
      guard let scalar = Unicode.Scalar(refused) else { continue }
      #expect(!MessageText.isValid("a\(scalar)b"), "U+\(String(refused, radix: 16))")
      #expect(!MessageText.isValid("\(scalar)"), "U+\(String(refused, radix: 16))")
    }
  }

  @Test("numbers are decimal, with up to 38 digits and an exponent within bounds")
  func numbers() {
    for text in ["0", "-1", "+1.5", "1e126", "1E-128", ".5", "5.", String(repeating: "9", count: 38)] {
      #expect(MessageAttribute.isNumber(text), "\(text)")
    }
    for text in ["", "-", ".", "1.2.3", "0x10", "1e", "1e127", "NaN", "1 ", String(repeating: "9", count: 39)] {
      #expect(!MessageAttribute.isNumber(text), "\(text)")
    }
  }

  @Test("message attributes are refused for a bad name, type or value")
  func attributes() throws {
    try MessageAttribute(dataType: "String.any thing", stringValue: "x").validate(named: "a.b-c_9")
    for name in ["", ".a", "a.", "a..b", "AWS.x", "amazon.y", "ä", "a b", String(repeating: "a", count: 257)] {
      #expect(throws: SQSError.self) {
        try MessageAttribute(dataType: "String", stringValue: "x").validate(named: name)
      }
    }
    let bad = [
      MessageAttribute(stringValue: "x"), MessageAttribute(dataType: "Text", stringValue: "x"),
      MessageAttribute(dataType: "String.", stringValue: "x"), MessageAttribute(dataType: "String"),
      MessageAttribute(dataType: "String", stringValue: ""), MessageAttribute(dataType: "String", binaryValue: "AA=="),
      MessageAttribute(dataType: "Binary", stringValue: "AA=="), MessageAttribute(dataType: "Binary", binaryValue: "?"),
      MessageAttribute(dataType: "Number", stringValue: "one"),
      MessageAttribute(dataType: "String", stringValue: "\u{1}"),
      MessageAttribute(dataType: "String", stringListValues: ["x"]),
    ]
    for attribute in bad { #expect(throws: SQSError.self) { try attribute.validate(named: "a") } }
  }

  @Test("attributes are selected by name, by prefix, or all")
  func selection() throws {
    let attribute = MessageAttribute(dataType: "String", stringValue: "x")
    let contents = MessageContents(
      id: .random(), body: "b", attributes: ["foo": attribute, "foo.bar": attribute, "other": attribute])
    func selected(_ names: [String]) throws -> [String] {
      try AttributeSelection(systemNames: [], messageNames: names).message(contents)?.keys.sorted() ?? []
    }
    #expect(try selected([]) == [])
    #expect(try selected(["other", "absent"]) == ["other"])
    #expect(try selected(["foo.*"]) == ["foo", "foo.bar"])
    #expect(try selected(["All"]) == ["foo", "foo.bar", "other"])
    #expect(try selected([".*"]) == ["foo", "foo.bar", "other"])
    #expect(throws: SQSError.self) { try AttributeSelection(systemNames: ["Nonsense"], messageNames: []) }
  }

  @Test("queue attributes have SQS's ranges, to both ends")
  func ranges() throws {
    let ranges = [
      ("DelaySeconds", 0, 900), ("MaximumMessageSize", 1024, 1_048_576), ("MessageRetentionPeriod", 60, 1_209_600),
      ("ReceiveMessageWaitTimeSeconds", 0, 20), ("VisibilityTimeout", 0, 43_200),
    ]
    for (name, low, high) in ranges {
      for value in [low, high] { #expect(try QueueAttributes([name: String(value)]).values[name] == String(value)) }
      for value in [String(low - 1), String(high + 1), "", "x", "1.5"] {
        #expect(throws: SQSError.self) { try QueueAttributes([name: value]) }
      }
    }
    for (name, value) in [("Nonsense", "1"), ("QueueArn", "x"), ("FifoQueue", "true"), ("KmsMasterKeyId", "k")] {
      #expect(throws: SQSError.self) { try QueueAttributes([name: value]) }
    }
  }

  @Test("a redrive policy takes its count as a number or as text, from 1 to 1000, and says it as a number")
  func redrivePolicies() throws {
    let arn = "arn:aws:sqs:us-east-1:000000000000:dead"
    for count in ["5", "\"5\""] {
      let policy = try RedrivePolicy(json: #"{"maxReceiveCount":\#(count),"deadLetterTargetArn":"\#(arn)"}"#)
      #expect(policy.receiveCountMax == 5)
      #expect(try RedrivePolicy(json: policy.json) == policy)
    }
    for json in [
      "", "{}", "[]", #"{"maxReceiveCount":0,"deadLetterTargetArn":"\#(arn)"}"#,
      #"{"maxReceiveCount":1001,"deadLetterTargetArn":"\#(arn)"}"#,
      #"{"maxReceiveCount":5,"deadLetterTargetArn":"arn:aws:s3:::dead"}"#, #"{"deadLetterTargetArn":"\#(arn)"}"#,
    ] {
      #expect(throws: SQSError.self) { try RedrivePolicy(json: json) }
    }
  }

  @Test("equal deadlines come up in the order of their ids, and compacting keeps the order")
  func heap() {
    var heap = DeadlineHeap()
    for id in (1...100 as ClosedRange<UInt64>).reversed() { heap.push(.init(key: Int64(id % 7), id: id)) }
    heap.compact { $0.id % 3 != 0 }
    var popped: [DeadlineHeap.Item] = []
    while let item = heap.popFirst() { popped.append(item) }
    #expect(popped.count == 67)
    #expect(
      popped.map { [$0.key, Int64($0.id)] }
        == popped.map { [$0.key, Int64($0.id)] }.sorted { $0.lexicographicallyPrecedes($1) })
  }
}
