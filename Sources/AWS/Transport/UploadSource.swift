package import EventLoop

/// Where the bytes of a streamed upload come from. Called on the loop, from inside the transport: it must not wait.
@LoopActor package protocol UploadSource: AnyObject, Sendable {
  /// Lends the next bytes, in order, to `take`, which says how many of them it has taken: those are given, and not lent
  /// again. `take` is called at most once, with at least one byte, which is valid during the call only.
  func lend(to take: (GatheredBytes) -> Int) -> UploadRead
  /// Set by the transport, called by the source when it has bytes, an end or an abort to report after a `.pause`.
  /// Calling it at any other time does nothing.
  var onReadable: (@LoopActor () -> Void)? { get set }
  /// Starts again at the first byte, for a replay; false when the bytes are gone.
  func rewind() -> Bool
  /// The CRC-32C of all its bytes, for sources that compute it as they come: asked for once all have been given. Nil for
  /// those that leave it to their reader.
  var checksum: CRC32C? { get }
}

extension UploadSource {
  package var checksum: CRC32C? { nil }
}

/// What an upload source did when it was asked for bytes.
package enum UploadRead: Sendable, Hashable {
  /// It has lent some.
  case lent
  /// Nothing now; `onReadable` will be called.
  case pause
  /// All bytes have been given.
  case end
  /// The upload must fail, with `TransportError.sourceAborted`.
  case abort
}
