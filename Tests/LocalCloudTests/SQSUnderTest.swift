import EventLoop
import Foundation
import GRDB
import HTTP

@testable import LocalCloud

/// The service on a database of its own, called as the server calls it, with no HTTP in between.
@LoopActor
final class SQSUnderTest {
  private var path: String
  private var abandoned: [(CloudDatabase, SQSService)] = []
  private(set) var database: CloudDatabase
  private(set) var service: SQSService

  /// Runs `body` with an empty service, and stops it afterwards.
  static func run(_ body: @LoopActor (SQSUnderTest) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "saccade-sqs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "db").path
    let (database, service) = try await open(path)
    let sqs = SQSUnderTest(path, database, service)
    do {
      try await body(sqs)
    } catch {
      try await sqs.stop()
      throw error
    }
    try await sqs.stop()
  }

  private init(_ path: String, _ database: CloudDatabase, _ service: SQSService) {
    self.path = path
    self.database = database
    self.service = service
  }

  private static func open(_ path: String) async throws -> (CloudDatabase, SQSService) {
    var migrator = DatabaseMigrator()
    SQSService.registerMigrations(in: &migrator)
    let database = try await CloudDatabase.open(at: path, isDurable: false, migrator: migrator)
    return (database, try await SQSService(database: database))
  }

  /// Goes on with what a crash at this moment would leave on disk: a copy of the database's files as they are.
  func crash() async throws {
    abandoned.append((database, service))
    let copy = path + "+"
    for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: path + suffix) {
      try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
    }
    path = copy
    (database, service) = try await SQSUnderTest.open(path)
  }

  /// From now on every write fails.
  func breakDatabase() async throws {
    try await database.write { try $0.execute(sql: "PRAGMA query_only = 1") }
  }

  private func stop() async throws {
    for (database, service) in abandoned + [(database, service)] {
      await service.shutdown()
      try await database.close()
    }
  }

  /// What a successful call answers; for an error, `__type` without its prefix is thrown.
  @discardableResult
  func call(_ operation: String, _ input: [String: Any]) async throws -> [String: Any] {
    let body = [UInt8](try JSONSerialization.data(withJSONObject: input))
    let response = await service.handle(
      operation: operation, body: body, context: SQSContext(baseURL: "http://test", requestID: "1"))
    let output = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any] ?? [:]
    if response.status == .ok { return output }
    throw Failure(shape: (output["__type"] as? String ?? "").replacing("com.amazonaws.sqs#", with: ""))
  }

  struct Failure: Error, Equatable { let shape: String }

  func queue(_ name: String, _ attributes: [String: String] = [:]) async throws -> SQSQueue {
    try await call("CreateQueue", ["QueueName": name, "Attributes": attributes])
    guard let queue = service.queues[name] else { throw Failure(shape: "no queue") }
    return queue
  }

  func url(_ name: String) -> String { "http://test/000000000000/\(name)" }

  func send(_ bodies: [String], to name: String) async throws {
    let entries = bodies.enumerated().map { ["Id": "e\($0)", "MessageBody": $1] }
    let output = try await call("SendMessageBatch", ["QueueUrl": url(name), "Entries": entries])
    guard output["Failed"] == nil else { throw Failure(shape: "entries failed") }
  }

  func receive(_ name: String, _ options: [String: Any] = [:]) async throws -> [[String: Any]] {
    let input = ["QueueUrl": url(name), "MaxNumberOfMessages": 10].merging(options) { $1 }
    return try await call("ReceiveMessage", input)["Messages"] as? [[String: Any]] ?? []
  }

  func bodies(_ name: String, _ options: [String: Any] = [:]) async throws -> [String] {
    try await receive(name, options).compactMap { $0["Body"] as? String }
  }

  /// Rows of messages on disk.
  func storedCount() async throws -> Int {
    try await database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM sqsMessage") ?? -1 }
  }
}
