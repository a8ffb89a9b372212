package import struct FoundationEssentials.Date

/// A task that moves messages out of a dead-letter queue.
package struct SQSMoveTask: Sendable, Hashable {
  package enum Status: String, Sendable, Hashable {
    case running = "RUNNING"
    case completed = "COMPLETED"
    case cancelling = "CANCELLING"
    case cancelled = "CANCELLED"
    case failed = "FAILED"
    /// What this client does not know.
    case other = ""
  }

  package var status: Status
  package var movedCount: Int
  /// Nil when the service does not tell, as it may after the task has ended.
  package var toMoveCount: Int?
  /// Of a task that has failed.
  package var failureReason: String?
  package var startedAt: Date?
}

extension SQSClient {
  /// Begins to move what is visible in a dead-letter queue to the queues that it came from. One task a queue at a time.
  package func startMoveTask(from sourceARN: String) async throws(AWSError) {
    _ = try await call("StartMessageMoveTask", MoveInput(sourceARN: sourceARN), returning: Nothing.self)
  }

  /// The last tasks of a dead-letter queue, the newest first.
  /// - Parameter countMax: 1 to 10.
  package func moveTasks(from sourceARN: String, countMax: Int = 1) async throws(AWSError) -> [SQSMoveTask] {
    guard (1...10).contains(countMax) else { throw .invalidArgument("1 to 10 tasks") }
    let input = MoveInput(sourceARN: sourceARN, countMax: countMax)
    let output = try await call("ListMessageMoveTasks", input, returning: MoveOutput.self)
    return (output.results ?? []).map { entry in
      SQSMoveTask(
        status: .init(rawValue: entry.status ?? "") ?? .other, movedCount: entry.movedCount ?? 0,
        toMoveCount: entry.toMoveCount, failureReason: entry.failureReason,
        startedAt: entry.startedMilliseconds.map { Date(timeIntervalSince1970: Double($0) / 1000) })
    }
  }

  private struct MoveInput: Encodable {
    var sourceARN: String
    var countMax: Int?

    private enum CodingKeys: String, CodingKey {
      case sourceARN = "SourceArn"
      case countMax = "MaxResults"
    }
  }

  private struct MoveOutput: Decodable {
    struct Entry: Decodable {
      var status: String?
      var movedCount: Int?
      var toMoveCount: Int?
      var failureReason: String?
      var startedMilliseconds: Int64?

      private enum CodingKeys: String, CodingKey {
        case status = "Status"
        case movedCount = "ApproximateNumberOfMessagesMoved"
        case toMoveCount = "ApproximateNumberOfMessagesToMove"
        case failureReason = "FailureReason"
        case startedMilliseconds = "StartedTimestamp"
      }
    }

    var results: [Entry]?

    private enum CodingKeys: String, CodingKey { case results = "Results" }
  }
}
