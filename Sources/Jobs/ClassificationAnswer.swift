/// What a worker found out about a job: the body of the message to the reply queue, and of the result object.
package struct ClassificationAnswer: Sendable, Hashable {
  package let id: JobID
  package let outcome: Result<Classification, ClassificationError>
  /// The job's.
  package let requestID: RequestID?

  package static let version = 1

  package init(id: JobID, outcome: Result<Classification, ClassificationError>, requestID: RequestID? = nil) {
    self.id = id
    self.outcome = outcome
    self.requestID = requestID
  }

  /// The message body, JSON.
  /// - Throws: ``JobMessageError/unencodable`` when a confidence or a timing is not finite,
  ///   ``JobMessageError/tooLarge(byteCountMax:)`` when labels are out of all proportion.
  package func encoded() throws(JobMessageError) -> [UInt8] { try JobMessageCoder.encode(self) }

  /// Reads a message body. Members it does not know are ignored.
  package init(decoding body: some Collection<UInt8>) throws(JobMessageError) {
    self = try JobMessageCoder.decode(Self.self, from: body)
  }
}

extension ClassificationAnswer: Codable {
  private enum CodingKeys: String, CodingKey {
    case version = "v"
    case id, error
    case requestID = "requestId"
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try container.checkVersion(Self.version, forKey: .version)
    id = try container.decode(JobID.self, forKey: .id)
    requestID = container.decodeRequestID(forKey: .requestID)
    if let error = try container.decodeIfPresent(ClassificationError.self, forKey: .error) {
      outcome = .failure(error)
    } else {
      // Its members stand beside the answer's own.
      outcome = .success(try Classification(from: decoder))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.version, forKey: .version)
    try container.encode(id, forKey: .id)
    try container.encodeIfPresent(requestID?.description, forKey: .requestID)
    switch outcome {
    case .success(let classification): try classification.encode(to: encoder)
    case .failure(let error): try container.encode(error, forKey: .error)
    }
  }
}
