package import EventLoop

/// The body of a response that is made while it is sent, for as long as it goes on: an event stream.
///
/// Whoever sends the response begins it, has its stream write, and finishes it; see ``HTTPResponse/stream``.
@LoopActor package protocol ResponseStream: AnyObject, Sendable {
  /// Writes all of the body. Its task is cancelled when the client goes.
  /// - Throws: `.disconnected`, as the writer does.
  func write(to body: borrowing ResponseBodyWriter) async throws(RequestBodyError)
}
