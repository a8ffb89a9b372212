/// What the batch operations answer: what went well, and what did not.
struct BatchOutput<Success: Encodable>: Encodable {
  struct Failure: Encodable {
    var id: String
    var code: String
    var message: String
    var isSenderFault: Bool

    private enum CodingKeys: String, CodingKey {
      case id = "Id"
      case code = "Code"
      case message = "Message"
      case isSenderFault = "SenderFault"
    }
  }

  var successful: [Success] = []
  var failed: [Failure] = []

  mutating func fail(_ id: String, _ error: SQSError) {
    failed.append(
      Failure(id: id, code: error.shape, message: error.message, isSenderFault: error.fault == "Sender"))
  }

  private enum CodingKeys: String, CodingKey {
    case successful = "Successful"
    case failed = "Failed"
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    if !successful.isEmpty { try values.encode(successful, forKey: .successful) }
    if !failed.isEmpty { try values.encode(failed, forKey: .failed) }
  }
}

/// An entry that has nothing to say but that it went well.
struct EntrySuccess: Encodable {
  var id: String

  private enum CodingKeys: String, CodingKey { case id = "Id" }
}
