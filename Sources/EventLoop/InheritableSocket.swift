import CLibuv
import Glibc

/// A TCP socket that is bound but does not listen: the system chooses its port for nobody else, and it gets no
/// connections until a child process that has inherited it listens on it.
///
/// The socket and the queue of its not yet accepted connections live as long as any process holds it, so a child may
/// be replaced without anybody being refused: closing the last descriptor of a listening socket would reset what is
/// in its queue, handshakes under way included (Linux, `net.ipv4.tcp_migrate_req` = 0).
@LoopActor
package final class InheritableSocket {
  /// Closed in children, unless they are started with it.
  package let descriptor: Int32
  /// With the port that the system chose when 0 was asked for.
  package let localAddress: SocketAddress
  private var isOpen = true

  /// - Parameters:
  ///   - host: A numeric address, or `localhost`.
  ///   - isShared: Whether several sockets of this user share the port (`SO_REUSEPORT`); the kernel spreads
  ///     connections over those that listen.
  package init(host: String, port: Int, isShared: Bool) throws(UVError) {
    let family = host.contains(":") ? AF_INET6 : AF_INET
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(family, kind, 0)
    if descriptor < 0 { throw UVError(code: -errno) }
    do throws(UVError) {
      // As libuv binds: connections of a former process that linger in TIME_WAIT do not hold the port.
      try InheritableSocket.set(SO_REUSEADDR, of: descriptor)
      if isShared { try InheritableSocket.set(SO_REUSEPORT, of: descriptor) }
      let size = socklen_t(family == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
      try SocketAddress(host: host, port: port).withSystemAddress { (system) throws(UVError) in
        if bind(descriptor, system, size) != 0 { throw UVError(code: -errno) }
      }
      localAddress = try InheritableSocket.address(of: descriptor)
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    self.descriptor = descriptor
  }

  package func close() {
    guard isOpen else { return }
    isOpen = false
    Glibc.close(descriptor)
  }

  private static func set(_ option: Int32, of descriptor: Int32) throws(UVError) {
    var on: Int32 = 1
    if setsockopt(descriptor, SOL_SOCKET, option, &on, socklen_t(MemoryLayout<Int32>.size)) != 0 {
      throw UVError(code: -errno)
    }
  }

  private static func address(of descriptor: Int32) throws(UVError) -> SocketAddress {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let status = withUnsafeMutablePointer(to: &storage) { storage in
      getsockname(descriptor, UnsafeMutableRawPointer(storage).assumingMemoryBound(to: sockaddr.self), &size)
    }
    if status != 0 { throw UVError(code: -errno) }
    return withUnsafePointer(to: storage) { SocketAddress($0) }
  }
}
