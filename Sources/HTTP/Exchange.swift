import EventLoop

/// A request and how far its answer has got.
@LoopActor struct Exchange {
  enum Response {
    case awaited
    /// The head is sent. So many bytes of a declared length are still due; `nil` when none was declared.
    case begun(remaining: Int?)
    case finished
  }

  let number: UInt64
  /// Held as a whole: an exchange is copied often, and this is one reference.
  let request: HTTPRequest
  var response = Response.awaited
  var framing = ResponseEncoder.Framing.none
  /// Whether the body is left out: HEAD, 204, 304.
  var isBodySuppressed = false
  /// What the answer's head has promised.
  var keepsAlive = false

  init(number: UInt64, request: HTTPRequest) {
    self.number = number
    self.request = request
  }

  var head: HTTPRequestHead { request.head }
  var body: RequestBody { request.body }
}

extension Exchange.Response: Equatable {}
