import DequeModule
package import EventLoop
package import GRDB

/// The SQLite database of the data folder: names of buckets and objects, queues and messages. Files are elsewhere.
///
/// Write-ahead log. A write that has returned survives the end of the process by any means; with `isDurable` also the
/// end of the machine's power. Nothing blocks the loop: writes share one transaction at a time on the thread pool, reads run
/// beside them on a snapshot.
@LoopActor
package final class CloudDatabase {
  /// Writes in one transaction. One that takes longer than a few milliseconds would make the others wait for it.
  package static let writesPerTransactionMax = 256
  /// One for each thread of the pool, one for the loop itself, one to spare: nobody ever waits for a reader.
  private static let readerCountMax = 6

  private let pool: DatabasePool
  private var waiting = Deque<PendingWrite>()
  private var isWriting = false
  private var idleWaiters: [CheckedContinuation<Void, Never>] = []

  private init(pool: DatabasePool) { self.pool = pool }

  /// Opens or creates the database file and brings its tables up to date. Blocks: for the start of the process.
  /// - Parameter isDurable: Whether every commit waits for the disk.
  package static func open(
    at path: String, isDurable: Bool, migrator: DatabaseMigrator
  ) async throws -> CloudDatabase {
    var configuration = Configuration()
    configuration.maximumReaderCount = readerCountMax
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { database in
      // After NORMAL, the default in WAL mode with GRDB, a power cut may undo the last commits but never tears one.
      try database.execute(sql: "PRAGMA synchronous = \(isDurable ? "FULL" : "NORMAL")")
    }
    let pool = try await EventLoop.shared.offload { [configuration] in
      let pool = try DatabasePool(path: path, configuration: configuration)
      try migrator.migrate(pool)
      return pool
    }
    return CloudDatabase(pool: pool)
  }

  /// Runs `body` in a transaction and returns after its commit. A body that throws is undone, alone.
  ///
  /// While a transaction is in flight, further writes gather and share the next one: one commit, each in a savepoint of
  /// its own, in the order of their calls. Who calls is bounded by the server's connections, so the queue is too.
  package func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
    try await withCheckedContinuation { (continuation: CheckedContinuation<Result<T, any Error>, Never>) in
      waiting.append(PendingWrite(body) { continuation.resume(returning: $0) })
      commitNext()
    }.get()
  }

  /// Runs `body` on the thread pool, on one snapshot of the last commit.
  package func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
    try await EventLoop.shared.offload { [pool] in try pool.read(body) }
  }

  /// Runs one statement on the loop, at once: for a row by its primary key, which costs less than changing threads twice.
  package func readNow<T>(_ body: (Database) throws -> T) throws -> T {
    try pool.unsafeRead(body)
  }

  /// Waits for the writes that have been asked for, then closes the file. No call may follow.
  package func close() async throws {
    while isWriting || !waiting.isEmpty {
      await withCheckedContinuation { idleWaiters.append($0) }
    }
    try await EventLoop.shared.offload { [pool] in
      // The next start then has nothing to recover.
      _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
      try pool.close()
    }
  }

  private func commitNext() {
    guard !isWriting, !waiting.isEmpty else { return }
    isWriting = true
    let batch = Array(waiting.prefix(CloudDatabase.writesPerTransactionMax))
    waiting.removeFirst(batch.count)
    EventLoop.shared.spawn { [self] in
      let failure = await EventLoop.shared.offload { [pool] in CloudDatabase.commit(batch, to: pool) }
      isWriting = false
      commitNext()
      for write in batch { write.finish(failure) }
      if !isWriting {
        let waiters = idleWaiters
        idleWaiters = []
        for waiter in waiters { waiter.resume() }
      }
    }
  }

  /// - Returns: Why nothing of the batch was committed, if so.
  private nonisolated static func commit(_ batch: [PendingWrite], to pool: DatabasePool) -> (any Error)? {
    do {
      try pool.writeWithoutTransaction { database in
        try database.inTransaction(.immediate) {
          for write in batch { try write.perform(in: database, isAlone: batch.count == 1) }
          return .commit
        }
      }
      return nil
    } catch {
      return error
    }
  }
}
