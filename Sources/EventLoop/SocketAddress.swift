import CLibuv

/// A numeric address and port of TCP over IPv4 or IPv6.
package struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
  /// Numeric, for example `127.0.0.1` or `::1`.
  package var host: String
  package var port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Addresses that only this machine can reach.
  package var isLoopback: Bool { host == "::1" || host.hasPrefix("127.") || host.hasPrefix("::ffff:127.") }

  init(_ storage: UnsafePointer<sockaddr_storage>) {
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: 64)
    defer { text.deallocate() }
    text[0] = 0
    let address = UnsafeRawPointer(storage)
    switch Int32(storage.pointee.ss_family) {
    case AF_INET6:
      let address = address.assumingMemoryBound(to: sockaddr_in6.self)
      uv_ip6_name(address, text, 64)
      port = Int(UInt16(bigEndian: address.pointee.sin6_port))
    default:
      let address = address.assumingMemoryBound(to: sockaddr_in.self)
      uv_ip4_name(address, text, 64)
      port = Int(UInt16(bigEndian: address.pointee.sin_port))
    }
    host = String(cString: text)
  }

  /// Calls `body` with the address in the system's form. `localhost` is taken as `127.0.0.1`; other names are refused
  /// with `EINVAL`, since looking them up would block the loop.
  @discardableResult
  func withSystemAddress<T>(_ body: (UnsafePointer<sockaddr>) throws(UVError) -> T) throws(UVError) -> T {
    guard (0...65_535).contains(port) else { throw UVError.invalidArgument }
    let numeric = host == "localhost" ? "127.0.0.1" : host
    let storage = UnsafeMutablePointer<sockaddr_storage>.allocate(capacity: 1)
    defer { storage.deallocate() }
    let raw = UnsafeMutableRawPointer(storage)
    if numeric.contains(":") {
      try check(uv_ip6_addr(numeric, Int32(port), raw.assumingMemoryBound(to: sockaddr_in6.self)))
    } else {
      try check(uv_ip4_addr(numeric, Int32(port), raw.assumingMemoryBound(to: sockaddr_in.self)))
    }
    return try body(UnsafePointer(raw.assumingMemoryBound(to: sockaddr.self)))
  }
}
