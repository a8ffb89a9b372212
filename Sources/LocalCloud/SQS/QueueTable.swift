import FoundationEssentials
import GRDB

/// The SQL of queues.
enum QueueTable {
  static func all(in database: Database) throws -> [QueueRecord] {
    try Row.fetchAll(database, sql: "SELECT id, name, attributes, tags, createdAt, modifiedAt FROM sqsQueue").map {
      QueueRecord(
        id: $0[0], name: $0[1], attributes: try QueueAttributes(try dictionary($0[2])), tags: try dictionary($0[3]),
        createdAt: EpochTime(milliseconds: $0[4]), modifiedAt: EpochTime(milliseconds: $0[5]))
    }
  }

  /// - Returns: The new queue's id.
  static func insert(_ record: QueueRecord, in database: Database) throws -> Int64 {
    try database.execute(
      sql: "INSERT INTO sqsQueue (name, attributes, tags, createdAt, modifiedAt) VALUES (?, ?, ?, ?, ?)",
      arguments: [
        record.name, try MessageTable.json(record.attributes.values), try MessageTable.json(record.tags),
        record.createdAt.milliseconds, record.modifiedAt.milliseconds,
      ])
    return database.lastInsertedRowID
  }

  static func update(_ record: QueueRecord, in database: Database) throws {
    try database.execute(
      sql: "UPDATE sqsQueue SET attributes = ?, tags = ?, modifiedAt = ? WHERE id = ?",
      arguments: [
        try MessageTable.json(record.attributes.values), try MessageTable.json(record.tags),
        record.modifiedAt.milliseconds, record.id,
      ])
  }

  static func delete(_ id: Int64, in database: Database) throws {
    try database.execute(sql: "DELETE FROM sqsQueue WHERE id = ?", arguments: [id])
    try MessageTable.deleteAll(of: id, in: database)
  }

  private static func dictionary(_ json: String) throws -> [String: String] {
    try JSONDecoder().decode([String: String].self, from: Data(json.utf8))
  }
}
