// SQS for one machine: standard queues behind the JSON protocol of the real service, so that boto3, the aws command and
// our own client need nothing but another endpoint. It promises that a message that was accepted survives the end of the
// process by any means, that a deleted one stays deleted, and delivery at least once; messages in flight when the process
// dies may come again before their time. Who calls has been authenticated before. It does not do FIFO queues, access
// policies, encryption at rest or the older query protocol, and says so when they are asked for.

package import EventLoop
package import FoundationEssentials
package import GRDB
package import HTTP

/// The queues of one account in one region, and the operations on them.
@LoopActor
package final class SQSService {
  let region: String
  let account: String
  let clock: EpochClock
  let store: MessageStore
  let administration = Turnstile()
  var queues: [String: SQSQueue] = [:]
  /// By the ARN of their source, the latest last.
  var moveTasks: [QueueARN: [MessageMoveTask]] = [:]
  private(set) var isStopping = false
  private let encoder: JSONEncoder
  private let decoder = JSONDecoder()

  /// Adds the service's tables to those of the database; to be called before it is opened.
  package nonisolated static func registerMigrations(in migrator: inout DatabaseMigrator) {
    SQSSchema.register(in: &migrator)
  }

  /// Reads the queues and what is known of every message, but not what the messages say.
  /// - Parameters:
  ///   - now: The wall clock. It is read once; from then on time is monotonic.
  ///   - region: What ARNs say, in whatever region clients believe to be.
  package init(
    database: CloudDatabase, now: @Sendable () -> Date = { Date() }, region: String = "us-east-1",
    account: String = "000000000000"
  ) async throws {
    self.region = region
    self.account = account
    clock = EpochClock(startingAt: now())
    encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    let snapshot = try await StoredQueues.read(from: database, at: clock.now())
    store = MessageStore(database: database, start: snapshot.start, count: snapshot.messageCount)
    for record in snapshot.queues {
      let queue = makeQueue(record)
      for message in snapshot.messages[record.id] ?? [] { queue.restore(message) }
      queues[record.name] = queue
    }
    for queue in queues.values {
      refreshRedrive(of: queue)
      queue.advance()
    }
  }

  /// Performs one operation of a request whose signature has been verified. A long poll returns at once when the task
  /// is cancelled: cancel it when the client is gone, and no message is lost to it.
  /// - Parameters:
  ///   - operation: What follows `AmazonSQS.` in `X-Amz-Target`.
  ///   - body: JSON; empty counts as `{}`.
  package func handle(operation: String, body: [UInt8], context: SQSContext) async -> HTTPResponse {
    do throws(SQSError) {
      let output = try await perform(operation, body, context)
      return SQSService.response(.ok, output, requestID: context.requestID)
    } catch {
      return SQSService.response(error, requestID: context.requestID)
    }
  }

  /// Answers all long polls, with nothing, and writes what is not yet written. Sends and deletes still in progress finish.
  package func shutdown() async {
    isStopping = true
    for task in moveTasks.values.joined() { task.cancel() }
    for queue in queues.values { queue.close(isDeleted: false) }
    await store.close()
  }

  /// An error in the form of the JSON protocol, for what is found wrong before an operation begins.
  package nonisolated static func errorResponse(
    code: String, message: String, status: Int, requestID: String
  ) -> HTTPResponse {
    response(SQSError(code, status: status, message), requestID: requestID)
  }

  // MARK: JSON

  func decode<T: Decodable>(_ type: T.Type, _ body: [UInt8]) throws(SQSError) -> T {
    do {
      return try decoder.decode(type, from: body.isEmpty ? Data("{}".utf8) : Data(body))
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
      throw .malformed("\(path.isEmpty ? "The request" : path) does not have the type it should.")
    } catch {
      throw .malformed("The request is not valid JSON.")
    }
  }

  func encode(_ value: some Encodable) throws(SQSError) -> [UInt8] {
    do {
      return [UInt8](try encoder.encode(value))
    } catch {
      throw SQSError("InternalFailure", status: 500, "The answer could not be written as JSON.")
    }
  }

  nonisolated static func response(_ error: SQSError, requestID: String) -> HTTPResponse {
    let document = ["__type": "com.amazonaws.sqs#\(error.shape)", "message": error.message]
    let body = (try? JSONEncoder().encode(document)).map { [UInt8]($0) } ?? Array("{}".utf8)
    var response = response(HTTPStatus(rawValue: error.status), body, requestID: requestID)
    response.headers["x-amzn-query-error"] = "\(error.queryCode);\(error.fault)"
    return response
  }

  nonisolated static func response(_ status: HTTPStatus, _ body: [UInt8], requestID: String) -> HTTPResponse {
    HTTPResponse(
      status: status, headers: ["Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": requestID], body: body
    )
  }
}
