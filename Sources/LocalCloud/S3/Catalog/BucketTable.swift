import FoundationEssentials
import GRDB

/// The rows of `bucket`.
enum BucketTable {
  static func all(_ database: Database) throws -> [String: Timestamp] {
    var buckets: [String: Timestamp] = [:]
    let rows = try Row.fetchCursor(database, sql: "SELECT name, createdAt FROM bucket")
    while let row = try rows.next() { buckets[row[0]] = Timestamp(millisecondsSinceEpoch: row[1]) }
    return buckets
  }

  static func create(_ database: Database, _ name: String, at time: Timestamp) throws {
    do {
      try database.execute(
        sql: "INSERT INTO bucket (name, createdAt) VALUES (?, ?)", arguments: [name, time.millisecondsSinceEpoch])
    } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_PRIMARYKEY {
      throw S3Error(.bucketAlreadyOwnedByYou, details: [("BucketName", name)])
    }
  }

  /// Removes a bucket without objects; uploads that were never completed go with it.
  /// - Returns: The files of their parts.
  static func delete(_ database: Database, _ name: String) throws -> [FileID] {
    let encoded = try Data.fetchAll(
      database, sql: "SELECT segments FROM part JOIN upload ON upload.id = part.upload WHERE upload.bucket = ?",
      arguments: [name])
    do {
      try database.execute(sql: "DELETE FROM bucket WHERE name = ?", arguments: [name])
    } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY {
      throw S3Error(.bucketNotEmpty, details: [("BucketName", name)])
    }
    guard database.changesCount == 1 else { throw S3Error(.noSuchBucket, details: [("BucketName", name)]) }
    return encoded.compactMap { [Segment](encoded: Array($0)) }.flatMap { $0.map(\.file) }
  }
}
