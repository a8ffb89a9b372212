import EventLoop
import HTTP
import Jobs

/// How answers are written for a client.
@LoopActor
enum AnswerFormat {
  /// The label alone, a line for each image: what scripts print.
  case text
  case json

  /// `/` speaks plain text unless the client asks for JSON (RFC 9110 §12.5.1, without weighing qualities).
  init(accept: String?) {
    self = accept?.lowercased().contains("application/json") ?? false ? .json : .text
  }

  /// A result is JSON unless the client asks for plain text and not for JSON.
  init(acceptOfResult accept: String?) {
    let accept = accept?.lowercased() ?? ""
    self = accept.contains("text/plain") && !accept.contains("application/json") ? .text : .json
  }

  static let jsonType = "application/json"

  // Made once: what begins with one of these has no need to check, and to grow for, its first field.
  private static let textHeaders: HTTPHeaders = ["Content-Type": "text/plain; charset=utf-8"]
  private static let jsonHeaders: HTTPHeaders = ["Content-Type": jsonType]

  /// - Parameter isList: The request was a form of several files: its answer is an array, and one bad image among good
  ///   ones is an element of it, not the status of all.
  func response(to replies: [Reply], isList: Bool) -> HTTPResponse {
    let pending = replies.compactMap { if case .pending(let id) = $0 { id } else { nil } }
    if !isList, case .answered(let answer, _) = replies.first, case .failure(let error) = answer.outcome {
      return Problem(error, id: answer.id).response
    }
    var headers = self == .text ? AnswerFormat.textHeaders : AnswerFormat.jsonHeaders
    if let id = pending.first {
      // A list has no place of its own; its elements say where theirs are.
      if !isList { headers["Location"] = ResultsHandler.location(of: id) }
      headers["Retry-After"] = String(Problem.retrySeconds)
      headers["Cache-Control"] = "no-store"
    }
    var body: [UInt8] = []
    switch self {
    case .text:
      for reply in replies {
        body.append(contentsOf: line(reply).utf8)
        body.append(0x0A)
      }
    case .json:
      if isList {
        body = [0x5B] + replies.map(json).joined(separator: [0x2C]) + [0x5D]
      } else if let reply = replies.first {
        body = json(reply)
      }
      body.append(0x0A)
    }
    return HTTPResponse(status: pending.isEmpty ? .ok : .accepted, headers: headers, body: body)
  }

  private func line(_ reply: Reply) -> String {
    switch reply {
    case .answered(let answer, _):
      switch answer.outcome {
      case .success(let label): label
      case .failure(let error): "error: \(error.message)"
      }
    case .pending(let id): "pending: \(ResultsHandler.location(of: id))"
    }
  }

  private func json(_ reply: Reply) -> [UInt8] {
    switch reply {
    case .answered(_, let json): json
    // The identifier and the path hold nothing that JSON escapes.
    case .pending(let id):
      Array(#"{"v":1,"id":"\#(id)","status":"pending","location":"\#(ResultsHandler.location(of: id))"}"#.utf8)
    }
  }
}
