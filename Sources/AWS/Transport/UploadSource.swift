package import EventLoop

/// Where the bytes of a streamed upload come from. Called on the loop, from inside curl: it must not wait.
@LoopActor package protocol UploadSource: AnyObject, Sendable {
  /// Fills the beginning of `buffer` (never empty). The buffer is valid during the call only.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> UploadRead
  /// Set by the transport, called by the source when it has bytes, an end or an abort to report after a `.pause`.
  /// Calling it at any other time does nothing.
  var onReadable: (@LoopActor () -> Void)? { get set }
  /// Starts again at the first byte, for a replay; false when the bytes are gone.
  func rewind() -> Bool
}

/// What an upload source did with the buffer it was given.
package enum UploadRead: Sendable, Hashable {
  /// So many bytes, at least one, at most the buffer's length.
  case bytes(Int)
  /// Nothing now; `onReadable` will be called.
  case pause
  /// All bytes have been given.
  case end
  /// The upload must fail, with `TransportError.sourceAborted`.
  case abort
}
