import GRDB
import Testing

@testable import LocalCloud

struct ObjectTableTests {
  private func database() throws -> DatabaseQueue {
    let queue = try DatabaseQueue()
    var migrator = DatabaseMigrator()
    S3Schema.register(in: &migrator)
    try migrator.migrate(queue)
    try queue.write { try BucketTable.create($0, "b", at: Timestamp(millisecondsSinceEpoch: 0)) }
    return queue
  }

  private func record(_ files: [FileID] = []) throws -> ObjectRecord {
    ObjectRecord(
      segments: files.map { Segment(file: $0, byteCount: 1) }, byteCount: files.count, etag: "e",
      modifiedAt: Timestamp(millisecondsSinceEpoch: 1), checksum: nil, attributes: ObjectAttributes(stored: ""))
  }

  @Test("keys that differ in a NUL or in their normal form are different objects")
  func keysAreBytes() throws {
    let queue = try database()
    // Decomposed and composed: equal as Swift strings, not as keys.
    let keys = ["a", "a\0", "a\0b", "e\u{301}", "\u{e9}"]
    try queue.write { (database: Database) throws -> Void in
      for (index, key) in keys.enumerated() {
        _ = try ObjectTable.put(database, "b", key, try record([FileID](repeating: .random(), count: index)), if: .none)
      }
      for (index, key) in keys.enumerated() {
        #expect(try ObjectTable.find(database, "b", key)?.byteCount == index)
      }
      let page = try ObjectTable.page(database, ListingQuery(bucket: "b", countMax: 10))
      #expect(page.entries.map { Array($0.key.utf8) } == keys.map { Array($0.utf8) })
    }
  }

  @Test("an overwrite gives back the files it replaces, a delete those it removes")
  func replacedFiles() throws {
    let queue = try database()
    let (first, second) = (FileID.random(), FileID.random())
    try queue.write { (database: Database) throws -> Void in
      #expect(try ObjectTable.put(database, "b", "k", try record([first]), if: .none) == [])
      #expect(try ObjectTable.put(database, "b", "k", try record([second]), if: .none) == [first])
      #expect(try ObjectTable.files(database) == [second])
      #expect(try ObjectTable.delete(database, "b", "k", if: .none) == [second])
      #expect(try ObjectTable.delete(database, "b", "k", if: .none) == [])
    }
  }

  @Test("a bucket that holds an object cannot go, and an object cannot come to one that is gone")
  func bucketsAndObjectsAgree() throws {
    let queue = try database()
    try queue.write { (database: Database) throws -> Void in
      _ = try ObjectTable.put(database, "b", "k", try record(), if: .none)
      #expect { try BucketTable.delete(database, "b") } throws: { ($0 as? S3Error)?.code == .bucketNotEmpty }
      _ = try ObjectTable.delete(database, "b", "k", if: .none)
      _ = try BucketTable.delete(database, "b")
      #expect { try BucketTable.delete(database, "b") } throws: { ($0 as? S3Error)?.code == .noSuchBucket }
      #expect { try ObjectTable.put(database, "b", "k", try record(), if: .none) } throws: {
        ($0 as? S3Error)?.code == .noSuchBucket
      }
    }
  }

  private final class Counter { var count = 0 }

  @Test("a page over common prefixes seeks behind each, past the rows they hide")
  func skipScan() throws {
    let queue = try database()
    try queue.write { (database: Database) throws -> Void in
      for folder in 0..<5 {
        for item in 0..<2000 {
          _ = try ObjectTable.put(database, "b", "\(folder)/\(item)", try record(), if: .none)
        }
      }
      let query = ListingQuery(bucket: "b", delimiter: "/", countMax: 1000)
      let seeks = Counter()
      database.trace { _ in seeks.count += 1 }
      let page = try ObjectTable.page(database, query)
      database.trace(options: [])
      #expect(page.commonPrefixes == (0..<5).map { "\($0)/" })
      #expect(!page.isTruncated)
      // One seek behind each prefix, and the first one.
      #expect(seeks.count == 6)
    }
  }
}
