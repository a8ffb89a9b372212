package import EventLoop

/// Where a request's body goes.
@LoopActor package protocol RequestBodySink: AnyObject {
  /// Takes the next bytes; they are valid during the call only. Throwing `.rejected` ends the body, and
  /// `RequestBody.stream` throws what was thrown here.
  func receive(_ bytes: Span<UInt8>) throws(RequestBodyError)
}
