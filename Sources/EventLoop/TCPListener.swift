import CLibuv
import Glibc

/// A listening TCP socket.
@LoopActor
package final class TCPListener {
  private let handle = UVHandle<uv_tcp_t>()
  private var accept: (@LoopActor (TCPStream) -> Void)?
  /// With the port that the system chose when 0 was asked for.
  package let localAddress: SocketAddress

  /// Binds and listens.
  /// - Parameters:
  ///   - host: A numeric address, or `localhost`.
  ///   - port: 0 lets the system choose.
  ///   - backlog: Connections that the kernel holds before they are accepted.
  ///   - reusePort: Several processes share the port (`SO_REUSEPORT`); the kernel spreads connections over them.
  ///   - inherited: The descriptor of a socket that is bound already, instead of host and port; it is the listener's
  ///     from then on.
  ///   - accept: Called once for each connection, which is not yet reading.
  package init(
    host: String, port: Int, backlog: Int = 1024, reusePort: Bool = false, inherited: Int32? = nil,
    accept: @escaping @LoopActor (TCPStream) -> Void
  ) throws(UVError) {
    let address = SocketAddress(host: host, port: port)
    let family = inherited != nil ? AF_UNSPEC : host.contains(":") ? AF_INET6 : AF_INET
    let status = uv_tcp_init_ex(EventLoop.shared.loop, handle.pointer, UInt32(family))
    guard status == 0 else {
      handle.freeUninitialised()
      throw UVError(code: status)
    }
    do throws(UVError) {
      if reusePort {
        var descriptor: uv_os_fd_t = -1
        try check(uv_fileno(handle.base, &descriptor))
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        if setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, size) != 0 { throw UVError(code: -errno) }
      }
      let tcp = handle.pointer
      if let inherited {
        try check(uv_tcp_open(tcp, inherited))
      } else {
        try address.withSystemAddress { (system) throws(UVError) in try check(uv_tcp_bind(tcp, system, 0)) }
      }
      localAddress = try TCPStream.address(of: tcp, uv_tcp_getsockname)
      try check(
        uv_listen(handle.stream, Int32(clamping: backlog)) { stream, status in
          EventLoop.callback { owner(stream?.pointee.data, as: TCPListener.self).connectionArrived(status) }
        })
    } catch {
      handle.base.pointee.data = nil
      handle.close()
      throw error
    }
    self.accept = accept
    handle.attach(self)
  }

  /// Stops accepting; accepted connections live on.
  package func close() {
    guard accept != nil else { return }
    accept = nil
    handle.close()
  }

  private func connectionArrived(_ status: Int32) {
    // A failed accept (no descriptors left, client gone before we came) concerns that connection only.
    guard status == 0, let accept, let stream = try? TCPStream(acceptedFrom: handle.stream) else { return }
    accept(stream)
  }
}
