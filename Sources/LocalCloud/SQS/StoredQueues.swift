import EventLoop
import GRDB

/// What the database holds at the start.
struct StoredQueues: Sendable {
  /// How often it has been opened, this time included.
  var start: Int64
  var queues: [QueueRecord] = []
  /// By queue, the oldest first.
  var messages: [Int64: [QueuedMessage]] = [:]
  var messageCount = 0

  @LoopActor
  static func read(from database: CloudDatabase, at now: EpochTime) async throws -> StoredQueues {
    try await database.write { database in
      try database.execute(sql: "UPDATE sqsStart SET count = count + 1")
      // Sent while their queue was being deleted.
      try database.execute(sql: "DELETE FROM sqsMessage WHERE queue NOT IN (SELECT id FROM sqsQueue)")
      var stored = StoredQueues(start: try Int64.fetchOne(database, sql: "SELECT count FROM sqsStart") ?? 0)
      stored.queues = try QueueTable.all(in: database)
      try MessageTable.forEach(at: now, in: database) { message, queue in
        stored.messages[queue, default: []].append(message)
        stored.messageCount += 1
      }
      return stored
    }
  }
}
