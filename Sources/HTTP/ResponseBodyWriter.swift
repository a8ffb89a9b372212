import EventLoop

/// A response's body, piece by piece. Dropped before `finish()`, the connection is reset, so that the client cannot take
/// what it has for the whole.
package struct ResponseBodyWriter: ~Copyable, Sendable {
  private let connection: HTTPConnection
  private let exchange: UInt64

  init(_ connection: HTTPConnection, exchange: UInt64) {
    self.connection = connection
    self.exchange = exchange
  }

  deinit {
    let (connection, exchange) = (connection, exchange)
    if EventLoop.shared.isCurrent {
      LoopActor.assumeIsolated { connection.bodyWriterWasDropped(exchange) }
    } else {
      EventLoop.shared.spawn { connection.bodyWriterWasDropped(exchange) }
    }
  }

  /// Hands bytes to the kernel and returns, or waits until the client has taken what is buffered when that is more than
  /// `HTTPLimits.writeHighWaterByteCount`. Bytes beyond a declared length are not sent.
  /// - Throws: `.disconnected` when the client has gone, or was reset because it took nothing for too long.
  @LoopActor package func write(_ bytes: [UInt8]) async throws(RequestBodyError) {
    if try connection.write(bytes, exchange) { return }
    try await connection.drained()
  }

  /// Ends the body. One that is shorter than declared ends in a reset.
  @LoopActor package consuming func finish() { connection.finish(exchange) }
}
