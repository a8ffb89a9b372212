/// What a queue may be called: 1 to 80 letters, digits, hyphens and underscores ("CreateQueue", SQS API reference).
enum QueueName {
  static func validate(_ name: String) throws(SQSError) {
    if name.hasSuffix(".fifo") { throw .unsupported("FIFO queues are not supported, only standard queues are.") }
    guard (1...SQSLimits.queueNameByteCountMax).contains(name.utf8.count), isAlphanumeric(name) else {
      throw .invalidParameter(
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
    }
  }

  /// ASCII letters and digits, hyphens and underscores.
  static func isAlphanumeric(_ text: String) -> Bool {
    text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
  }
}
