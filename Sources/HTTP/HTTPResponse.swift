/// A whole response. `Content-Length`, `Transfer-Encoding`, `Connection` and `Date` are the server's to write; a
/// `Connection: close` given here is honoured, a `Date` given here is kept.
///
/// An answer to HEAD is given like one to GET: the body is left out, its length is not. A `Content-Length` given here
/// counts only where there is no body to measure: in an answer to HEAD with an empty `body`, and in a 304.
package struct HTTPResponse: Sendable {
  package var status: HTTPStatus
  package var headers: HTTPHeaders
  package var body: [UInt8]
  /// The `code` of the problem that it tells, for counters and logs; the client has it in the body.
  package var problemCode: String?
  /// Makes the body while it is sent, in place of ``body``: for who calls `ResponseWriter.begin`, not `send`.
  package var stream: (any ResponseStream)?

  package init(status: HTTPStatus, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// Plain text in UTF-8.
  package init(status: HTTPStatus = .ok, text: String) {
    self.init(status: status, headers: ["Content-Type": "text/plain; charset=utf-8"], body: Array(text.utf8))
  }
}
