import GRDB

/// SQS's tables.
enum SQSSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("sqs-1", migrate: createTables)
  }

  @Sendable
  private static func createTables(in database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE sqsQueue (
          -- AUTOINCREMENT: receipt handles carry the id, so it is never used again.
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          name TEXT NOT NULL UNIQUE,
          attributes TEXT NOT NULL,
          tags TEXT NOT NULL,
          createdAt INTEGER NOT NULL,
          modifiedAt INTEGER NOT NULL
        );
        -- Times are milliseconds since 1970. No index but the key: everything else is found in memory.
        CREATE TABLE sqsMessage (
          sequence INTEGER PRIMARY KEY,
          queue INTEGER NOT NULL,
          sentAt INTEGER NOT NULL,
          visibleAt INTEGER NOT NULL,
          receivedAt INTEGER,
          receiveCount INTEGER NOT NULL,
          receiveCountOnArrival INTEGER NOT NULL,
          firstReceivedAt INTEGER,
          idHigh INTEGER NOT NULL,
          idLow INTEGER NOT NULL,
          deadLetterSource TEXT,
          traceHeader TEXT,
          attributes TEXT,
          body TEXT NOT NULL
        );
        CREATE TABLE sqsStart (count INTEGER NOT NULL);
        INSERT INTO sqsStart VALUES (0);
        """)
  }
}
