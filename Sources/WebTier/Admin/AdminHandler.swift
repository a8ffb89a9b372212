import AWS
import EventLoop
import HTTP
import Logging

/// What the operators' page asks for and has done. Who may, ``AdminAccess`` has seen to.
@LoopActor
final class AdminHandler {
  private let activity: Activity
  private let deadLetters: DeadLetters
  private let identity: AdminState.Identity
  private let logger: Logger

  init(activity: Activity, deadLetters: DeadLetters, identity: AdminState.Identity, logger: Logger) {
    self.activity = activity
    self.deadLetters = deadLetters
    self.identity = identity
    self.logger = logger
  }

  /// `GET /admin/state`
  func state() -> HTTPResponse {
    activity.noteAdmin()
    return .document(AdminState(activity, identity))
  }

  /// `GET /admin/dead-letters`
  func listDeadLetters() async -> HTTPResponse {
    struct Document: Encodable {
      var listedCountMax = DeadLetters.listedCountMax
      var messages: [DeadLetter]
    }
    do throws(AWSError) { return .document(Document(messages: try await deadLetters.list())) } catch {
      return Problem(deadLetters: error).response
    }
  }

  /// `GET /admin/redrive`: how far the last one has got.
  func redriveState() async -> HTTPResponse {
    struct Document: Encodable {
      var task: RedriveState?
    }
    do throws(AWSError) {
      return .document(Document(task: try await deadLetters.lastRedrive().map(RedriveState.init)))
    } catch {
      return Problem(deadLetters: error).response
    }
  }

  /// `POST /admin/redrive`. No form of any page can send that type, which is why it is asked for.
  func redrive(_ request: HTTPRequest) async -> HTTPResponse {
    let type = request.head.headers["content-type"].flatMap { MediaType(parsing: $0) }
    guard type?.type == "application", type?.subtype == "json" else {
      return Problem(
        .unsupportedMediaType, code: "unsupported-media-type", detail: "Send it with Content-Type: application/json."
      ).response
    }
    do throws(AWSError) {
      try await deadLetters.redrive()
    } catch {
      return Problem(deadLetters: error).response
    }
    logger.notice(
      "the dead letters are being sent again, as \(request.clientName ?? "somebody on this machine") has asked",
      metadata: ["request": "\(request.id ?? "")"])
    var response = HTTPResponse.document(["location": "/admin/redrive"])
    response.status = .accepted
    response.headers["Location"] = "/admin/redrive"
    return response
  }
}

extension HTTPResponse {
  fileprivate static func document(_ document: some Encodable) -> HTTPResponse {
    HTTPResponse(
      status: .ok, headers: ["Content-Type": "application/json", "Cache-Control": "no-store"],
      body: AdminJSON.encode(document))
  }
}

extension Problem {
  /// What SQS has said, which operators are to know as it is.
  fileprivate init(deadLetters error: AWSError) {
    if error.serviceError?.code.hasSuffix("UnsupportedOperation") == true {
      self.init(.conflict, code: "redrive-refused", detail: "SQS refuses it: \(error).")
    } else {
      self.init(
        .badGateway, code: "dead-letters-unavailable", detail: "SQS has not done it: \(error).",
        retryAfter: Problem.retrySeconds)
    }
  }
}
