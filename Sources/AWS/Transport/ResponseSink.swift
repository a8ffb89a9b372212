package import EventLoop

/// Where the body of a successful response goes while it arrives. An error's body never comes here.
@LoopActor package protocol ResponseSink: AnyObject, Sendable {
  /// The head of a 2xx response; false gives the transfer up. `contentLength` is nil for a chunked body.
  func begin(headers: ResponseHeaders, contentLength: Int?) -> Bool
  /// The next bytes, valid during the call only.
  func receive(_ bytes: Span<UInt8>) -> SinkVerdict
  /// Set by the transport, called by the sink when it can take bytes after a `.pause`.
  var onWritable: (@LoopActor () -> Void)? { get set }
  /// Forgets what it was given, for a replay; false when that is impossible. True while nothing has been received.
  func rewind() -> Bool
}

/// What a sink did with the bytes it was given.
package enum SinkVerdict: Sendable, Hashable {
  case taken
  /// None were taken: the same bytes come again after `onWritable`. Nothing is read from the connection meanwhile.
  case pause
  /// The transfer must fail, with `TransportError.sinkAborted`.
  case abort
}
