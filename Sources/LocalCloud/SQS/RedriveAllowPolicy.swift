import FoundationEssentials

/// Which queues may name this one as their dead-letter queue.
struct RedriveAllowPolicy: Sendable, Equatable {
  private static let sourceCountMax = 10

  /// What was given, which is what is shown.
  let json: String
  private let document: Document

  init(json: String) throws(SQSError) {
    guard let document = try? JSONDecoder().decode(Document.self, from: Data(json.utf8)),
      ["allowAll", "denyAll", "byQueue"].contains(document.redrivePermission)
    else {
      throw .invalidParameter(
        json, for: "RedriveAllowPolicy", "redrivePermission must be one of allowAll, denyAll and byQueue.")
    }
    let sources = document.sourceQueueArns ?? []
    guard (document.redrivePermission == "byQueue") == !sources.isEmpty,
      sources.count <= RedriveAllowPolicy.sourceCountMax, sources.allSatisfy({ QueueARN($0) != nil })
    else {
      throw .invalidParameter(
        json, for: "RedriveAllowPolicy", "byQueue, and nothing else, goes with 1 to 10 sourceQueueArns.")
    }
    self.json = json
    self.document = document
  }

  func allows(_ source: QueueARN) -> Bool {
    switch document.redrivePermission {
    case "denyAll": false
    case "byQueue": document.sourceQueueArns?.contains(source.description) ?? false
    default: true
    }
  }

  private struct Document: Decodable, Equatable {
    var redrivePermission: String
    var sourceQueueArns: [String]?
  }
}
