/// Why a body did not arrive whole. After any of them the connection closes once the answer is sent.
package enum RequestBodyError: Error, Sendable, Hashable {
  /// It is, or declares itself, larger than the limit.
  case tooLarge
  /// The client went away, or closed its side too early.
  case disconnected
  /// It came too slowly.
  case timedOut
  /// Its chunked framing is not valid.
  case malformed
  /// The sink did not want it.
  case rejected
}
