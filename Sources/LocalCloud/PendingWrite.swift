import GRDB

/// A write on its way through the group commit. One thread holds it at a time: the loop, then one of the pool, then the loop.
final class PendingWrite: @unchecked Sendable {
  private var body: ((Database) throws -> Void)?
  private var complete: (((any Error)?) -> Void)?

  init<T: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> T,
    _ complete: @escaping (Result<T, any Error>) -> Void
  ) {
    var value: T?
    self.body = { value = try body($0) }
    self.complete = { error in
      if let value, error == nil { return complete(.success(value)) }
      complete(.failure(error ?? CancellationError()))
    }
  }

  private var failure: (any Error)?

  /// - Throws: Only what ends the whole transaction; an error of the body's own is kept for `finish`.
  func perform(in database: Database, isAlone: Bool) throws {
    guard let body else { return }
    self.body = nil
    do {
      // Alone, the transaction itself is what a failure undoes.
      if isAlone { return try body(database) }
      try database.inSavepoint {
        try body(database)
        return .commit
      }
    } catch {
      failure = error
      // SQLite ends the transaction by itself when the disk is full or broken.
      if isAlone || !database.isInsideTransaction { throw error }
    }
  }

  /// - Parameter batchFailure: Why the transaction was not committed.
  func finish(_ batchFailure: (any Error)?) {
    complete?(failure ?? batchFailure)
    complete = nil
  }
}
