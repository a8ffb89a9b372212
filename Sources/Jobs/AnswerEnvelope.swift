/// An answer read no further than the web tier needs: whose it is, the label or the error, and what the
/// worker's steps took.
///
/// The rest goes to the client as the body that came, so building all candidates and timings only to write them again
/// would be waste: on the machine this was measured, a whole ``ClassificationAnswer`` costs 20 us to decode, a fifth of
/// what the web tier spends on an upload.
package struct AnswerEnvelope: Sendable, Hashable {
  package let id: JobID
  package let outcome: Result<String, ClassificationError>
  /// Of a classified image.
  package let timings: Classification.Timings?

  /// Reads a message body. Members it does not need are not looked at.
  package init(decoding body: some Collection<UInt8>) throws(JobMessageError) {
    self = try JobMessageCoder.decode(Self.self, from: body)
  }
}

extension AnswerEnvelope: Decodable {
  private enum CodingKeys: String, CodingKey {
    case version = "v"
    case id, label, error, timings
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try container.checkVersion(ClassificationAnswer.version, forKey: .version)
    id = try container.decode(JobID.self, forKey: .id)
    if let error = try container.decodeIfPresent(ClassificationError.self, forKey: .error) {
      outcome = .failure(error)
      timings = nil
    } else {
      outcome = .success(try container.decode(String.self, forKey: .label))
      timings = try? container.decodeIfPresent(Classification.Timings.self, forKey: .timings)
    }
  }
}
