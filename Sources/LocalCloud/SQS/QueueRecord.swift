/// A queue as it is in the database.
struct QueueRecord: Sendable {
  var id: Int64
  var name: String
  var attributes: QueueAttributes
  var tags: [String: String]
  var createdAt: EpochTime
  var modifiedAt: EpochTime
}
