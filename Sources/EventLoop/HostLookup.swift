import CLibuv

/// The addresses of a name, as the system's resolver finds them, on libuv's own threads.
@LoopActor
package final class HostLookup {
  private let port: Int
  private let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
  private var continuation: CheckedContinuation<Result<[SocketAddress], UVError>, Never>?

  private init(port: Int) { self.port = port }

  /// The TCP addresses of `host`, in the resolver's order; a numeric address is its own.
  /// - Throws: The resolver's error, `UV_EAI_NONAME` for one.
  package static func addresses(of host: String, port: Int) async throws(UVError) -> [SocketAddress] {
    if IPAddress(host) != nil { return [SocketAddress(host: host, port: port)] }
    let lookup = HostLookup(port: port)
    return try await withCheckedContinuation { lookup.begin(host, $0) }.get()
  }

  private func begin(_ host: String, _ continuation: CheckedContinuation<Result<[SocketAddress], UVError>, Never>) {
    self.continuation = continuation
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_ADDRCONFIG
    request.pointee.data = Unmanaged.passRetained(self).toOpaque()
    let status = uv_getaddrinfo(
      EventLoop.shared.loop, request,
      { request, status, found in
        guard let data = request?.pointee.data else { return }
        nonisolated(unsafe) let found = found
        let lookup = Unmanaged<HostLookup>.fromOpaque(data).takeRetainedValue()
        EventLoop.callback { lookup.end(status, found) }
      }, host, nil, &hints)
    if status != 0 {
      Unmanaged<HostLookup>.fromOpaque(request.pointee.data).release()
      end(status, nil)
    }
  }

  private func end(_ status: Int32, _ found: UnsafeMutablePointer<addrinfo>?) {
    defer {
      uv_freeaddrinfo(found)
      request.deallocate()
    }
    guard status == 0 else { return finish(.failure(UVError(code: status))) }
    var addresses: [SocketAddress] = []
    var entry = found
    while let current = entry {
      if let address = SocketAddress(current.pointee, port: port), !addresses.contains(address) {
        addresses.append(address)
      }
      entry = current.pointee.ai_next
    }
    finish(.success(addresses))
  }

  private func finish(_ result: Result<[SocketAddress], UVError>) {
    continuation?.resume(returning: result)
    continuation = nil
  }
}

extension SocketAddress {
  fileprivate init?(_ entry: addrinfo, port: Int) {
    guard entry.ai_family == AF_INET || entry.ai_family == AF_INET6, let address = entry.ai_addr else { return nil }
    var storage = sockaddr_storage()
    withUnsafeMutableBytes(of: &storage) { storage in
      storage.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen)))
    }
    self.init(&storage)
    self.port = port
  }
}
