import AWS
import FoundationEssentials

/// How far a redrive has got.
struct RedriveState: Encodable {
  /// `running`, `completed`, `cancelling`, `cancelled`, `failed`; what else SQS may say is `other`.
  var status: String
  var moved: Int
  var toMove: Int?
  var failure: String?
  var startedAt: Date?

  init(_ task: SQSMoveTask) {
    status = "\(task.status)"
    moved = task.movedCount
    toMove = task.toMoveCount
    failure = task.failureReason
    startedAt = task.startedAt
  }
}
