import EventLoop

/// The right to answer one request, once: answering consumes it, so that a second answer does not compile. Dropped
/// unanswered, the client gets 500.
///
/// It may outlive the handler's call; the connection waits for it. An answer that comes after the client has gone, or
/// after `HTTPLimits.requestDuration` answered in its place, goes nowhere.
package struct ResponseWriter: ~Copyable, Sendable {
  private let connection: HTTPConnection
  private let exchange: UInt64

  /// - Parameter exchange: Which of the connection's requests it answers.
  init(_ connection: HTTPConnection, exchange: UInt64) {
    self.connection = connection
    self.exchange = exchange
  }

  deinit {
    let (connection, exchange) = (connection, exchange)
    if EventLoop.shared.isCurrent {
      LoopActor.assumeIsolated { connection.writerWasDropped(exchange) }
    } else {
      EventLoop.shared.spawn { connection.writerWasDropped(exchange) }
    }
  }

  /// Sends a whole response.
  @LoopActor package consuming func send(_ response: HTTPResponse) {
    connection.send(response, exchange)
  }

  /// Sends an error as `application/problem+json`.
  @LoopActor package consuming func send(_ problem: Problem) {
    connection.send(problem.response, exchange)
  }

  /// Sends a response's head; its body follows piece by piece.
  /// - Parameter contentLength: `nil` when it is not known: the body is then chunked, or for an HTTP/1.0 client ends
  ///   with the connection. In an answer to HEAD, and with 204 and 304, no body is sent whatever is written.
  @LoopActor package consuming func begin(
    _ status: HTTPStatus, headers: HTTPHeaders = HTTPHeaders(), contentLength: Int?
  ) -> ResponseBodyWriter {
    connection.begin(status, headers: headers, contentLength: contentLength, exchange)
    return ResponseBodyWriter(connection, exchange: exchange)
  }
}
