package import EventLoop

/// The body of a response that is made while it is sent, for as long as it goes on: an event stream.
///
/// Whoever sends the response begins it, has its stream write, and ends it; see ``HTTPResponse/stream``.
@LoopActor package protocol ResponseStream: AnyObject, Sendable {
  /// Writes all of the body. Its task is cancelled when the client goes.
  /// - Throws: `.disconnected`, as the writer does.
  func write(to body: borrowing ResponseBodyWriter) async throws(RequestBodyError)
}

extension ResponseWriter {
  /// Sends a response whose body is a stream, and returns when that has ended. A client that has not taken all of it sees
  /// a reset.
  @LoopActor package consuming func send(_ response: HTTPResponse, streaming stream: any ResponseStream) async {
    let body = begin(response.status, headers: response.headers, contentLength: nil)
    do throws(RequestBodyError) { try await stream.write(to: body) } catch { return }
    body.finish()
  }
}
