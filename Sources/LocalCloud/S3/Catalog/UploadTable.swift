import FoundationEssentials
import GRDB

/// The rows of `upload` and `part`.
enum UploadTable {
  static func create(_ database: Database, _ bucket: String, _ upload: UploadRecord) throws {
    do {
      try database.cachedStatement(
        sql: """
          INSERT INTO upload (id, bucket, key, createdAt, checksumAlgorithm, checksumKind, attributes)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """
      ).execute(arguments: [
        upload.id, bucket, Data(upload.key.utf8), upload.createdAt.millisecondsSinceEpoch,
        upload.checksumAlgorithm?.rawValue, upload.checksumKind?.rawValue, upload.attributes.stored,
      ])
    } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY {
      throw S3Error(.noSuchBucket, details: [("BucketName", bucket)])
    }
  }

  /// - Throws: `NoSuchUpload` unless there is one of that id for that very key.
  static func find(_ database: Database, _ bucket: String, _ key: String, _ id: String) throws -> UploadRecord {
    let statement = try database.cachedStatement(
      sql: """
        SELECT id, key, createdAt, checksumAlgorithm, checksumKind, attributes FROM upload
        WHERE id = ? AND bucket = ? AND key = ?
        """)
    guard let row = try Row.fetchOne(statement, arguments: [id, bucket, Data(key.utf8)]) else {
      throw S3Error(.noSuchUpload, details: [("UploadId", id)])
    }
    return record(row)
  }

  /// Puts a part in its place.
  /// - Returns: The files of the part of that number that was there.
  static func putPart(_ database: Database, upload id: String, _ part: PartRecord) throws -> [FileID] {
    let statement = try database.cachedStatement(sql: "SELECT segments FROM part WHERE upload = ? AND number = ?")
    let replaced = try Data.fetchOne(statement, arguments: [id, part.number])
    do {
      try database.cachedStatement(
        sql: """
          INSERT OR REPLACE INTO part (upload, number, byteCount, etag, modifiedAt, checksum, segments)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """
      ).execute(arguments: [
        id, part.number, part.byteCount, part.etag, part.modifiedAt.millisecondsSinceEpoch, part.checksum?.stored,
        Data(part.segments.encoded),
      ])
    } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY {
      // Completed or aborted while the part was on its way.
      throw S3Error(.noSuchUpload, details: [("UploadId", id)])
    }
    return replaced.flatMap { [Segment](encoded: Array($0)) }?.map(\.file) ?? []
  }

  /// - Parameter after: Only parts with a higher number.
  static func parts(
    _ database: Database, upload id: String, after number: Int = 0, countMax: Int
  ) throws -> [PartRecord] {
    let statement = try database.cachedStatement(
      sql: """
        SELECT number, byteCount, etag, modifiedAt, checksum, segments FROM part WHERE upload = ? AND number > ?
        ORDER BY number LIMIT ?
        """)
    return try Row.fetchAll(statement, arguments: [id, number, countMax]).map { row in
      guard let segments = [Segment](encoded: Array(row[5] as Data)) else {
        throw ObjectTable.damaged("a part of upload \(id)")
      }
      return PartRecord(
        number: row[0], segments: segments, byteCount: row[1], etag: row[2],
        modifiedAt: Timestamp(millisecondsSinceEpoch: row[3]),
        checksum: (row[4] as String?).flatMap { Checksum(stored: $0) })
    }
  }

  /// Removes an upload and its parts.
  /// - Returns: The parts' files.
  static func delete(_ database: Database, upload id: String) throws -> [FileID] {
    let encoded = try Data.fetchAll(
      database.cachedStatement(sql: "SELECT segments FROM part WHERE upload = ?"), arguments: [id])
    try database.cachedStatement(sql: "DELETE FROM upload WHERE id = ?").execute(arguments: [id])
    return encoded.compactMap { [Segment](encoded: Array($0)) }.flatMap { $0.map(\.file) }
  }

  /// Uploads in progress, by key and then by age: ids grow with time.
  static func page(
    _ database: Database, _ query: ListingQuery, afterUpload marker: String?
  ) throws -> UploadPage {
    var page = UploadPage()
    guard query.countMax > 0 else { return page }
    // With an id the marker's own key is still wanted, from the upload after that one on.
    let resumesWithinKey = marker != nil && !query.after.isEmpty
    let lower = resumesWithinKey ? Array(query.after.utf8) : query.lowerBound
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT id, key, createdAt, checksumAlgorithm, checksumKind, attributes FROM upload
        WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key, id
        """,
      arguments: [query.bucket, Data(lower), Data(query.upperBound)])
    while let row = try rows.next() {
      let upload = record(row)
      if resumesWithinKey, upload.key == query.after, let marker, upload.id <= marker { continue }
      let rolledUp = query.commonPrefix(of: Array(upload.key.utf8)).map { String(decoding: $0, as: UTF8.self) }
      if let rolledUp, page.commonPrefixes.last == rolledUp { continue }
      if page.uploads.count + page.commonPrefixes.count == query.countMax {
        page.isTruncated = true
        return page
      }
      if let rolledUp {
        page.commonPrefixes.append(rolledUp)
        page.nextMarker = (rolledUp, nil)
      } else {
        page.uploads.append(upload)
        page.nextMarker = (upload.key, upload.id)
      }
    }
    return page
  }

  private static func record(_ row: Row) -> UploadRecord {
    UploadRecord(
      id: row[0], key: String(decoding: row[1] as Data, as: UTF8.self),
      createdAt: Timestamp(millisecondsSinceEpoch: row[2]),
      checksumAlgorithm: (row[3] as String?).flatMap { ChecksumAlgorithm(rawValue: $0) },
      checksumKind: (row[4] as String?).flatMap { Checksum.Kind(rawValue: $0) },
      attributes: ObjectAttributes(stored: row[5]))
  }
}

/// A page of the uploads in progress.
struct UploadPage: Sendable {
  var uploads: [UploadRecord] = []
  var commonPrefixes: [String] = []
  var isTruncated = false
  var nextMarker: (key: String, upload: String?)?
}
