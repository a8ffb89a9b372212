import GRDB

/// S3's tables. Keys are BLOBs: they compare byte by byte, which is the order S3 lists in, and may hold any character.
enum S3Schema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("s3 v1") { database in
      try database.execute(
        sql: """
          CREATE TABLE bucket (
            name TEXT NOT NULL PRIMARY KEY,
            createdAt INTEGER NOT NULL
          ) WITHOUT ROWID;

          -- The foreign keys are what makes a bucket's removal and an upload into it agree, in whatever order they come.
          CREATE TABLE object (
            bucket TEXT NOT NULL REFERENCES bucket (name),
            key BLOB NOT NULL,
            byteCount INTEGER NOT NULL,
            etag TEXT NOT NULL,
            modifiedAt INTEGER NOT NULL,
            checksum TEXT,
            attributes TEXT NOT NULL,
            segments BLOB NOT NULL,
            PRIMARY KEY (bucket, key)
          ) WITHOUT ROWID;

          CREATE TABLE upload (
            id TEXT NOT NULL PRIMARY KEY,
            bucket TEXT NOT NULL REFERENCES bucket (name) ON DELETE CASCADE,
            key BLOB NOT NULL,
            createdAt INTEGER NOT NULL,
            checksumAlgorithm TEXT,
            checksumKind TEXT,
            attributes TEXT NOT NULL
          ) WITHOUT ROWID;
          CREATE UNIQUE INDEX uploadByKey ON upload (bucket, key, id);

          CREATE TABLE part (
            upload TEXT NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            byteCount INTEGER NOT NULL,
            etag TEXT NOT NULL,
            modifiedAt INTEGER NOT NULL,
            checksum TEXT,
            segments BLOB NOT NULL,
            PRIMARY KEY (upload, number)
          ) WITHOUT ROWID;
          """)
    }
  }
}
