import FoundationEssentials
import GRDB

/// The rows of `object`, by bucket and key.
enum ObjectTable {
  static func find(_ database: Database, _ bucket: String, _ key: String) throws -> ObjectRecord? {
    let statement = try database.cachedStatement(
      sql: """
        SELECT byteCount, etag, modifiedAt, checksum, attributes, segments FROM object WHERE bucket = ? AND key = ?
        """)
    guard let row = try Row.fetchOne(statement, arguments: [bucket, Data(key.utf8)]) else { return nil }
    return try record(row, key: key)
  }

  /// Puts an object in its place, if the condition holds against what is there.
  /// - Returns: The files of the object that was there.
  static func put(
    _ database: Database, _ bucket: String, _ key: String, _ record: ObjectRecord, if condition: WriteCondition
  ) throws -> [FileID] {
    let replaced = try removable(database, bucket, key, if: condition)
    let statement = try database.cachedStatement(
      sql: """
        INSERT INTO object (bucket, key, byteCount, etag, modifiedAt, checksum, attributes, segments)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (bucket, key) DO UPDATE SET byteCount = excluded.byteCount, etag = excluded.etag,
          modifiedAt = excluded.modifiedAt, checksum = excluded.checksum, attributes = excluded.attributes,
          segments = excluded.segments
        """)
    do {
      try statement.execute(arguments: [
        bucket, Data(key.utf8), record.byteCount, record.etag, record.modifiedAt.millisecondsSinceEpoch,
        record.checksum?.stored, record.attributes.stored, Data(record.segments.encoded),
      ])
    } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY {
      throw S3Error(.noSuchBucket, details: [("BucketName", bucket)])
    }
    return replaced
  }

  /// Removes an object; one that is not there is no error.
  /// - Returns: Its files.
  static func delete(
    _ database: Database, _ bucket: String, _ key: String, if condition: WriteCondition
  ) throws -> [FileID] {
    let files = try removable(database, bucket, key, if: condition)
    try database.cachedStatement(sql: "DELETE FROM object WHERE bucket = ? AND key = ?")
      .execute(arguments: [bucket, Data(key.utf8)])
    return files
  }

  /// Steps over what a common prefix rolls up by seeking behind it: a page costs what it shows, not what it hides.
  static func page(_ database: Database, _ query: ListingQuery) throws -> ListingPage {
    var page = ListingPage()
    guard query.countMax > 0 else { return page }
    var lower = query.lowerBound
    let upper = query.upperBound
    let statement = try database.cachedStatement(
      sql: """
        SELECT key, byteCount, etag, modifiedAt, checksum FROM object WHERE bucket = ? AND key >= ? AND key < ?
        ORDER BY key LIMIT ?
        """)
    scan: while true {
      let rows = try Row.fetchCursor(
        statement, arguments: [query.bucket, Data(lower), Data(upper), query.countMax - page.count + 1])
      while let row = try rows.next() {
        if page.count == query.countMax {
          page.isTruncated = true
          return page
        }
        let keyBytes = Array(row[0] as Data)
        let prefix = query.commonPrefix(of: keyBytes)
        let name = String(decoding: prefix ?? keyBytes, as: UTF8.self)
        page.last = name
        if let prefix {
          page.commonPrefixes.append(name)
          lower = ByteOrder.afterAll(beginningWith: prefix)
          continue scan
        }
        page.entries.append(
          ListingPage.Entry(
            key: name, byteCount: row[1], etag: row[2], modifiedAt: Timestamp(millisecondsSinceEpoch: row[3]),
            checksum: (row[4] as String?).flatMap { Checksum(stored: $0) }))
      }
      return page
    }
  }

  /// Every file that some object or part has, for the sweep after a crash.
  static func files(_ database: Database) throws -> Set<FileID> {
    var files: Set<FileID> = []
    let rows = try Data.fetchCursor(database, sql: "SELECT segments FROM object UNION ALL SELECT segments FROM part")
    while let encoded = try rows.next() {
      guard let segments = [Segment](encoded: Array(encoded)) else { throw damaged("a segment list") }
      files.formUnion(segments.map(\.file))
    }
    return files
  }

  static func damaged(_ what: String) -> DatabaseError {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(what) cannot be read")
  }

  /// The files of the object that is there, once the condition is found to hold.
  private static func removable(
    _ database: Database, _ bucket: String, _ key: String, if condition: WriteCondition
  ) throws -> [FileID] {
    let statement = try database.cachedStatement(sql: "SELECT etag, segments FROM object WHERE bucket = ? AND key = ?")
    guard let row = try Row.fetchOne(statement, arguments: [bucket, Data(key.utf8)]) else {
      try condition.check(existing: nil, key: key)
      return []
    }
    try condition.check(existing: row[0], key: key)
    guard let segments = [Segment](encoded: Array(row[1] as Data)) else { throw damaged("the object \(key)") }
    return segments.map(\.file)
  }

  private static func record(_ row: Row, key: String) throws -> ObjectRecord {
    guard let segments = [Segment](encoded: Array(row[5] as Data)) else { throw damaged("the object \(key)") }
    return ObjectRecord(
      segments: segments, byteCount: row[0], etag: row[1], modifiedAt: Timestamp(millisecondsSinceEpoch: row[2]),
      checksum: (row[3] as String?).flatMap { Checksum(stored: $0) }, attributes: ObjectAttributes(stored: row[4]))
  }
}
