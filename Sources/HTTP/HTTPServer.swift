package import EventLoop

/// An HTTP/1.1 server on one address. It serves from its creation until `shutdown(within:)`.
@LoopActor package final class HTTPServer {
  private let listener: TCPListener
  private let connections: ConnectionTable

  /// Binds, listens and serves.
  /// - Parameters:
  ///   - host: A numeric address, or `localhost`.
  ///   - port: 0 lets the system choose; see `localAddress`.
  ///   - reusePort: Several processes share the port.
  ///   - inherited: The descriptor of a socket that is bound already, instead of host and port.
  ///   - tls: Makes it HTTPS. `limits.headDuration` bounds the handshake, too.
  ///   - refusals: Asked about each answer that is no handler's.
  package init(
    host: String, port: Int, reusePort: Bool = false, inherited: Int32? = nil, limits: HTTPLimits = HTTPLimits(),
    tls: TLSContext? = nil, refusals: HTTPRefusalObserver? = nil, handler: @escaping HTTPHandler
  ) throws(UVError) {
    let connections = ConnectionTable(limits, handler)
    connections.refusals = refusals
    connections.tls = tls
    listener = try TCPListener(host: host, port: port, reusePort: reusePort, inherited: inherited) {
      connections.accept($0)
    }
    self.connections = connections
    connections.startSweeping()
  }

  package var localAddress: SocketAddress { listener.localAddress }

  /// Connections that are open, those included that are only waiting for their client to close.
  package var connectionCount: Int { connections.count }

  /// Of these, connections that hold nothing but themselves: they have had no request yet, or none for a while.
  package var restingConnectionCount: Int { connections.restingCount }

  /// New connections are served with this certificate; those that are open keep theirs.
  package func renew(_ tls: TLSContext) { connections.tls = tls }

  /// Stops accepting, closes idle connections, lets requests that have begun finish, and returns when no connection is
  /// left. What is not finished within the bound is reset and its handler cancelled.
  package func shutdown(within bound: Duration) async {
    listener.close()
    await connections.shutdown(within: bound)
  }
}
