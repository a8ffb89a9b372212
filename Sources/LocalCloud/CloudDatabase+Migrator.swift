import GRDB

extension CloudDatabase {
  /// All tables of both services. A migration that has been released never changes; new ones go behind it.
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    S3Schema.register(in: &migrator)
    SQSService.registerMigrations(in: &migrator)
    return migrator
  }
}
