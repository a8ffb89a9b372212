import EventLoop
import Glibc

/// A blocking socket that says exactly the bytes it is told to: no HTTP library stands between a test and the server.
final class RawClient {
  enum Failure: Error, Equatable {
    case system(String, Int32)
    /// The server ended the connection within a response, or where one was expected.
    case ended
    /// Nothing came for as long as any test can take: the server hangs.
    case silence
    case malformed(String)
  }

  private static let silenceSecondsMax = 20

  private let descriptor: Int32
  private var received: [UInt8] = []

  /// - Parameter source: The address to come from, when it is not to be the usual one.
  init(_ address: SocketAddress, receiveBufferByteCount: Int32? = nil, from source: String? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var receiveBufferByteCount {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBufferByteCount, socklen_t(MemoryLayout<Int32>.size))
    }
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    var timeout = timeval(tv_sec: RawClient.silenceSecondsMax, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    let descriptor = descriptor
    if let source {
      let status = RawClient.withSystemAddress(source, 0) { bind(descriptor, $0, $1) }
      guard status == 0 else { throw Failure.system("bind", errno) }
    }
    let status = RawClient.withSystemAddress(address.host, address.port) { connect(descriptor, $0, $1) }
    guard status == 0 else { throw Failure.system("connect", errno) }
  }

  private static func withSystemAddress(
    _ host: String, _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var system = sockaddr_in()
    system.sin_family = sa_family_t(AF_INET)
    system.sin_port = in_port_t(UInt16(port).bigEndian)
    inet_pton(AF_INET, host, &system.sin_addr)
    return withUnsafePointer(to: &system) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }

  deinit { if isOpen { close() } }

  private var isOpen = true

  func close() {
    isOpen = false
    Glibc.close(descriptor)
  }

  /// Closes with RST.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    close()
  }

  /// Sends FIN and stays able to read.
  func shutdownWrite() { shutdown(descriptor, Int32(SHUT_WR)) }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: some Sequence<UInt8>) throws {
    var rest = Array(bytes)[...]
    while !rest.isEmpty { rest = rest.dropFirst(try sendSome(rest)) }
  }

  /// Sends the bytes over and over until the server has stopped reading and every buffer on the way is full.
  /// - Returns: How many bytes were taken; `byteCountMax` or more when the server never stops.
  func sendUntilBlocked(_ bytes: [UInt8], upTo byteCountMax: Int) throws -> Int {
    var taken = 0
    while taken < byteCountMax, isReady(POLLOUT, withinMilliseconds: 300) {
      let offset = taken % bytes.count
      taken += try sendSome(bytes[offset...], flags: Int32(MSG_DONTWAIT))
    }
    return taken
  }

  /// Whether there is something to read, an end included.
  func isReadable(withinMilliseconds milliseconds: Int32) -> Bool { isReady(POLLIN, withinMilliseconds: milliseconds) }

  private func isReady(_ events: Int32, withinMilliseconds milliseconds: Int32) -> Bool {
    var query = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    return poll(&query, 1, milliseconds) > 0
  }

  private func sendSome(_ bytes: ArraySlice<UInt8>, flags: Int32 = 0) throws -> Int {
    let count = bytes.withUnsafeBytes {
      Glibc.send(descriptor, $0.baseAddress, $0.count, flags | Int32(MSG_NOSIGNAL))
    }
    if count >= 0 { return count }
    if errno == EAGAIN, flags != 0 { return 0 }
    throw errno == EAGAIN ? Failure.silence : Failure.system("send", errno)
  }

  /// Reads one response; `isHead` tells that it answers HEAD and has no body whatever it says.
  func response(isHead: Bool = false) throws -> RawResponse {
    let end = try readUntil { RawResponse.headEnd($0) }
    let head = String(decoding: received[..<end], as: UTF8.self)
    received.removeFirst(end)
    var response = try RawResponse(head: head)
    if isHead || response.status < 200 || response.status == 204 || response.status == 304 { return response }
    if response["transfer-encoding"] == "chunked" {
      while case let chunk = try readChunk(), !chunk.isEmpty { response.chunks.append(chunk) }
      response.body = response.chunks.flatMap { $0 }
    } else if let length = response["content-length"].flatMap({ Int($0) }) {
      response.body = try read(length)
    } else {
      response.body = try rest()
    }
    return response
  }

  /// Everything up to the server's FIN.
  func rest() throws -> [UInt8] {
    while try readMore() {}
    defer { received = [] }
    return received
  }

  /// Whether the server ends the connection, cleanly, without another byte.
  func ends() throws -> Bool { try rest().isEmpty }

  func read(_ byteCount: Int) throws -> [UInt8] {
    _ = try readUntil { $0.count >= byteCount ? byteCount : nil }
    defer { received.removeFirst(byteCount) }
    return Array(received[..<byteCount])
  }

  /// What comes next, as much as there is; nothing at the server's FIN.
  func some() throws -> [UInt8] {
    if received.isEmpty { _ = try readMore() }
    defer { received = [] }
    return received
  }

  private func readChunk() throws -> [UInt8] {
    let end = try readUntil { bytes in bytes.firstIndex(of: 0x0A).map { $0 + 1 } }
    let line = String(decoding: received[..<end], as: UTF8.self)
    guard line.hasSuffix("\r\n"), let size = Int(line.dropLast(), radix: 16) else { throw Failure.malformed(line) }
    received.removeFirst(end)
    let chunk = try read(size)
    guard try read(2) == [0x0D, 0x0A] else { throw Failure.malformed("chunk end") }
    return chunk
  }

  private func readUntil(_ find: ([UInt8]) -> Int?) throws -> Int {
    while true {
      if let end = find(received) { return end }
      guard try readMore() else { throw Failure.ended }
    }
  }

  private func readMore() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count < 0 { throw errno == EAGAIN ? Failure.silence : Failure.system("recv", errno) }
    received.append(contentsOf: buffer[..<count])
    return count > 0
  }
}
