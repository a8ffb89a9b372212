package import EventLoop
import FoundationEssentials
package import GRDB
package import HTTP

/// The SQS API. No operation is there yet: every one is answered `InvalidAction`.
@LoopActor
package final class SQSService {
  package nonisolated static func registerMigrations(in migrator: inout DatabaseMigrator) {}

  package init(database: CloudDatabase) async throws {}

  package func handle(operation: String, body: [UInt8], context: SQSContext) async -> HTTPResponse {
    SQSService.errorResponse(
      code: "InvalidAction", message: "The action \(operation) is not valid for this endpoint.", status: 400,
      requestID: context.requestID)
  }

  package func shutdown() async {}

  package nonisolated static func errorResponse(
    code: String, message: String, status: Int, requestID: String
  ) -> HTTPResponse {
    let body = try? JSONEncoder().encode(["__type": "com.amazonaws.sqs#\(code)", "message": message])
    return HTTPResponse(
      status: HTTPStatus(rawValue: status),
      headers: [
        "Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": requestID,
        "x-amzn-query-error": "\(code);\(status < 500 ? "Sender" : "Receiver")",
      ],
      body: body.map { [UInt8]($0) } ?? [])
  }
}
