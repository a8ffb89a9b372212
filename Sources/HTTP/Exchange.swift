/// A request and how far its answer has got.
struct Exchange {
  enum Response {
    case awaited
    /// The head is sent. So many bytes of a declared length are still due; `nil` when none was declared.
    case begun(remaining: Int?)
    case finished
  }

  let number: UInt64
  let head: HTTPRequestHead
  let body: RequestBody
  var response = Response.awaited
  var framing = ResponseEncoder.Framing.none
  /// Whether the body is left out: HEAD, 204, 304.
  var isBodySuppressed = false
  /// What the answer's head has promised.
  var keepsAlive = false
}

extension Exchange.Response: Equatable {}
