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
  /// The other processes on the port, once they can be asked. They ask this, too: neither keeps the other.
  weak var peers: Peers?

  init(activity: Activity, deadLetters: DeadLetters, identity: AdminState.Identity, logger: Logger) {
    self.activity = activity
    self.deadLetters = deadLetters
    self.identity = identity
    self.logger = logger
  }

  /// `GET /admin/state`: of the process that `?process=` names by its index, or of this one.
  func state(_ head: HTTPRequestHead) async -> HTTPResponse {
    guard let name = QueryParameters(parsing: head.query)?["process"] else { return ownState() }
    guard let index = Int(name), (0..<identity.processes).contains(index) else {
      return Problem(
        .notFound, code: "no-such-process", detail: "The query parameter process is 0 to \(identity.processes - 1)."
      ).response
    }
    guard let peers, index != identity.index else { return ownState() }
    guard let document = await peers.ask(index, for: .adminState) else {
      return Problem(
        .serviceUnavailable, code: "process-silent", detail: "Process \(index) does not answer.",
        retryAfter: Problem.retrySeconds
      ).response
    }
    return .document(json: document)
  }

  /// Of this process; for the others, too.
  func ownState() -> HTTPResponse {
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
    .document(json: AdminJSON.encode(document))
  }

  fileprivate static func document(json: [UInt8]) -> HTTPResponse {
    HTTPResponse(
      status: .ok, headers: ["Content-Type": "application/json", "Cache-Control": "no-store"], body: json)
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
