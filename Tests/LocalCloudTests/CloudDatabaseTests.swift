import EventLoop
import Foundation
import GRDB
import TestSupport
import Testing

@testable import LocalCloud

struct CloudDatabaseTests {
  private struct Refused: Error {}

  /// Runs `body` with a database of one table, `t (n INTEGER PRIMARY KEY)`.
  private func withDatabase(_ body: @escaping @Sendable @LoopActor (CloudDatabase, String) async throws -> Void)
    async throws
  {
    let path = FileManager.default.temporaryDirectory.appending(path: "saccade-\(UUID().uuidString).sqlite").path
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
    try await onLoop {
      let database = try await CloudDatabaseTests.open(path)
      try await body(database, path)
      try await database.close()
    }
  }

  @LoopActor private static func open(_ path: String) async throws -> CloudDatabase {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("t") { try $0.execute(sql: "CREATE TABLE t (n INTEGER PRIMARY KEY)") }
    return try await CloudDatabase.open(at: path, isDurable: false, migrator: migrator)
  }

  @LoopActor private static func insertAll(_ numbers: Range<Int>, into database: CloudDatabase) async -> [Int: Bool] {
    let writes = numbers.map { number in
      EventLoop.shared.start {
        try await database.write { database in
          try database.execute(sql: "INSERT INTO t VALUES (?)", arguments: [number])
          if number % 10 == 7 { throw Refused() }
        }
      }
    }
    var outcomes: [Int: Bool] = [:]
    for (number, write) in zip(numbers, writes) {
      if case .success = await write.result { outcomes[number] = true } else { outcomes[number] = false }
    }
    return outcomes
  }

  @Test("of writes that share a transaction, the one that fails is undone alone")
  func failureIsAlone() async throws {
    try await withDatabase { database, _ in
      let outcomes = await CloudDatabaseTests.insertAll(0..<1000, into: database)
      let stored = try await database.read { try Set(Int.fetchAll($0, sql: "SELECT n FROM t")) }
      #expect(outcomes.count == 1000)
      for (number, succeeded) in outcomes {
        #expect(succeeded == (number % 10 != 7))
        #expect(stored.contains(number) == succeeded)
      }
    }
  }

  @Test("writes that come while one is in flight share a transaction")
  func grouping() async throws {
    try await withDatabase { database, path in
      // Every commit of a WAL database ends in one frame that carries the database's size: count those.
      _ = await CloudDatabaseTests.insertAll(0..<250, into: database)
      let log = try [UInt8](Data(contentsOf: URL(filePath: path + "-wal")))
      let pageByteCount = log[8..<12].reduce(0) { $0 << 8 | Int($1) }
      var commits = 0
      for frame in stride(from: 32, to: log.count, by: 24 + pageByteCount)
      where log[frame + 4..<frame + 8].contains(where: { $0 != 0 }) { commits += 1 }
      #expect(commits > 0)
      #expect(commits < 50)
    }
  }

  @Test("what was written is there after closing and opening, and is seen at once by the loop's own reader")
  func reopening() async throws {
    try await withDatabase { database, path in
      try await database.write { try $0.execute(sql: "INSERT INTO t VALUES (42)") }
      #expect(try database.readNow { try Int.fetchOne($0, sql: "SELECT n FROM t") } == 42)
      let second = try await CloudDatabaseTests.open(path)
      #expect(try await second.read { try Int.fetchAll($0, sql: "SELECT n FROM t") } == [42])
      try await second.close()
    }
  }
}
