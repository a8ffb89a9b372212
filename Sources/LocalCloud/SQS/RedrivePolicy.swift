import FoundationEssentials

/// Where a queue sends what was received too often: `{"deadLetterTargetArn": "…", "maxReceiveCount": 5}`.
struct RedrivePolicy: Sendable, Equatable {
  var target: QueueARN
  var receiveCountMax: Int

  /// - Parameter json: `maxReceiveCount` as a number or, as many tools write it, as text.
  init(json: String) throws(SQSError) {
    guard let document = try? JSONDecoder().decode(Document.self, from: Data(json.utf8)) else {
      throw .invalidParameter(
        json, for: "RedrivePolicy", "it must be JSON with deadLetterTargetArn and maxReceiveCount.")
    }
    guard let target = QueueARN(document.deadLetterTargetArn) else {
      throw .invalidParameter(json, for: "RedrivePolicy", "Invalid value for deadLetterTargetArn.")
    }
    guard SQSLimits.receiveCountMaxRange.contains(document.maxReceiveCount) else {
      throw .invalidParameter(
        json, for: "RedrivePolicy", "Invalid value for maxReceiveCount: must be between 1 and 1000.")
    }
    self.target = target
    receiveCountMax = document.maxReceiveCount
  }

  var json: String { #"{"deadLetterTargetArn":"\#(target)","maxReceiveCount":\#(receiveCountMax)}"# }

  private struct Document: Decodable {
    var deadLetterTargetArn: String
    var maxReceiveCount: Int

    private enum CodingKeys: String, CodingKey { case deadLetterTargetArn, maxReceiveCount }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      deadLetterTargetArn = try values.decode(String.self, forKey: .deadLetterTargetArn)
      if let text = try? values.decode(String.self, forKey: .maxReceiveCount) {
        guard let number = Int(text) else {
          throw DecodingError.dataCorruptedError(forKey: .maxReceiveCount, in: values, debugDescription: text)
        }
        maxReceiveCount = number
      } else {
        maxReceiveCount = try values.decode(Int.self, forKey: .maxReceiveCount)
      }
    }
  }
}
