import CLibuv
import Glibc

/// What happens on a stream. Nothing is called after `close()`.
@LoopActor
package protocol TCPStreamDelegate: AnyObject {
  /// - Parameter bytes: Never empty; valid during the call only.
  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>)
  /// The peer has sent FIN; it may still read.
  func streamDidReachEnd(_ stream: TCPStream)
  /// Nothing more is read or written. Closing is still the owner's.
  func stream(_ stream: TCPStream, didFail error: UVError)
  /// Everything that was buffered has been handed to the kernel.
  func streamDidDrain(_ stream: TCPStream)
  /// The TLS handshake is over, and the peer is who it was to be.
  func streamDidSecure(_ stream: TCPStream)
}

extension TCPStreamDelegate {
  package func streamDidSecure(_ stream: TCPStream) {}
}

/// One TCP connection, with back-pressure both ways: `stopReading()` closes the kernel's window to the peer, and
/// `bufferedByteCount` with `streamDidDrain` tells a writer when the peer is slow.
///
/// It keeps itself alive until `close()`.
@LoopActor
package final class TCPStream {
  package weak var delegate: (any TCPStreamDelegate)?
  package private(set) var remoteAddress: SocketAddress
  package internal(set) var isReading = false
  package private(set) var isOpen = true

  let handle: UVHandle<uv_tcp_t>
  private(set) var hasFailed = false
  /// Everything that was ever queued.
  private var enqueuedByteCount = 0

  /// libuv reads the socket. With TLS that begins later than `isReading`, when what had come before has been read.
  private var isPolling = false

  // TLS (`+TLS`).
  var tls: TLSSession?
  /// Reading is to go on with what the session holds.
  var isResuming = false
  /// `shutdownWrite()` waits for the handshake.
  var isEndDue = false
  /// FIN is on its way.
  private(set) var hasSentEnd = false

  /// Accepts the next connection of a listener.
  init(acceptedFrom listener: UnsafeMutablePointer<uv_stream_t>) throws(UVError) {
    handle = try TCPStream.makeHandle()
    remoteAddress = SocketAddress(host: "", port: 0)
    handle.attach(self)
    do throws(UVError) {
      try check(uv_accept(listener, handle.stream))
      remoteAddress = try TCPStream.address(of: handle.pointer, uv_tcp_getpeername)
      // Answers are written whole; waiting for more to send would only delay them.
      try check(uv_tcp_nodelay(handle.pointer, 1))
    } catch {
      close()
      throw error
    }
  }

  /// Takes a handle that has connected.
  init(connected handle: UVHandle<uv_tcp_t>, to address: SocketAddress) {
    self.handle = handle
    remoteAddress = address
    handle.attach(self)
    uv_tcp_nodelay(handle.pointer, 1)
  }

  static func makeHandle() throws(UVError) -> UVHandle<uv_tcp_t> {
    let handle = UVHandle<uv_tcp_t>()
    let status = uv_tcp_init(EventLoop.shared.loop, handle.pointer)
    if status != 0 {
      handle.freeUninitialised()
      throw UVError(code: status)
    }
    handle.base.pointee.data = nil
    return handle
  }

  // MARK: Reading

  package func startReading() {
    guard isOpen, !isReading, !hasFailed else { return }
    if let tls, isResuming || !tls.isStarved { return resumeReading(tls) }
    isReading = true
    startPolling()
  }

  func startPolling() {
    if isPolling { return }
    isPolling = true
    let status = uv_read_start(
      handle.stream,
      lendReadBuffer,
      { stream, count, buffer in
        EventLoop.callback {
          owner(stream?.pointee.data, as: TCPStream.self).didRead(count, buffer?.pointee.base)
        }
      })
    if status != 0 { failLater(UVError(code: status)) }
  }

  package func stopReading() {
    guard isOpen, isReading else { return }
    isReading = false
    isPolling = false
    uv_read_stop(handle.stream)
  }

  private func didRead(_ count: Int, _ base: UnsafeMutablePointer<CChar>?) {
    if count > 0 {
      let bytes = UnsafeRawBufferPointer(start: base, count: count)
      if let tls { return didReadCiphertext(bytes, tls) }
      delegate?.stream(self, didRead: bytes.bindMemory(to: UInt8.self).span)
    } else if count == Int(UV_EOF.rawValue) {
      stopReading()
      delegate?.streamDidReachEnd(self)
    } else if count < 0 {
      fail(UVError(code: Int32(count)))
    }
    // Zero means that the kernel had nothing after all.
  }

  /// Whether something has come that has not been read: bytes, an end or an error.
  package var isReadable: Bool {
    var descriptor: uv_os_fd_t = -1
    guard isOpen, uv_fileno(handle.base, &descriptor) == 0 else { return false }
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) >= 0 || errno != EAGAIN
  }

  // MARK: Writing

  /// Bytes that the kernel has not taken yet, as they are on the wire.
  package var bufferedByteCount: Int { isOpen ? queuedByteCount + (tls?.unsentByteCount ?? 0) : 0 }

  /// What has left the queue so far: as long as this grows, the peer takes something.
  package var dequeuedByteCount: Int { isOpen ? enqueuedByteCount - queuedByteCount : 0 }

  var queuedByteCount: Int { uv_stream_get_write_queue_size(handle.stream) }

  /// Writes at once what the kernel takes and queues the rest. After a failure or `close()` it does nothing.
  package func write(_ bytes: [UInt8]) { write(copying: bytes.span) }

  /// As ``write(_:)-([UInt8])``; only what the kernel does not take at once is copied.
  package func write(copying bytes: Span<UInt8>) {
    guard isOpen, !hasFailed, !bytes.isEmpty else { return }
    bytes.withUnsafeBytes { bytes in
      if let tls { writePlaintext(bytes, tls) } else { send(bytes) }
    }
  }

  func send(_ bytes: UnsafeRawBufferPointer) {
    let written = sendWithoutQueue(bytes)
    if written == bytes.count { return }
    if written < 0 && written != UV_EAGAIN.rawValue { return failLater(UVError(code: written)) }
    queue(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(max(0, Int(written)))))
  }

  /// - Returns: How many bytes the kernel has taken, or an error.
  func sendWithoutQueue(_ bytes: UnsafeRawBufferPointer) -> Int32 {
    var buffer = bytes.asUVBuffer
    return uv_try_write(handle.stream, &buffer, 1)
  }

  func queue(_ bytes: UnsafeRawBufferPointer) {
    enqueuedByteCount += bytes.count
    // The request and its bytes live in one allocation until the write callback.
    let header = MemoryLayout<uv_write_t>.stride
    let memory = UnsafeMutableRawPointer.allocate(byteCount: header + bytes.count, alignment: 16)
    (memory + header).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
    var buffer = UnsafeRawBufferPointer(start: memory + header, count: bytes.count).asUVBuffer
    let status = uv_write(
      memory.assumingMemoryBound(to: uv_write_t.self), handle.stream, &buffer, 1
    ) { request, status in
      guard let request, let stream = request.pointee.handle else { return }
      let data = stream.pointee.data
      UnsafeMutableRawPointer(request).deallocate()
      EventLoop.callback { owner(data, as: TCPStream.self).didWrite(status) }
    }
    if status != 0 {
      memory.deallocate()
      failLater(UVError(code: status))
    }
  }

  private func didWrite(_ status: Int32) {
    guard isOpen else { return }
    if status < 0 { return fail(UVError(code: status)) }
    if bufferedByteCount == 0 { delegate?.streamDidDrain(self) }
  }

  /// Sends FIN after what is buffered; reading goes on.
  package func shutdownWrite() {
    guard isOpen, !hasFailed else { return }
    if let tls { endWriting(tls) } else { sendEnd() }
  }

  func sendEnd() {
    if hasSentEnd { return }
    hasSentEnd = true
    let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
    // A peer that has gone makes this fail, which reading reports.
    if uv_shutdown(request, handle.stream, { request, _ in request?.deallocate() }) != 0 { request.deallocate() }
  }

  // MARK: Ending

  /// Closes at once and drops what is buffered.
  package func close() {
    guard isOpen else { return }
    if let tls, !hasFailed { sayFarewell(tls) }
    tls = nil
    isOpen = false
    isReading = false
    handle.close()
  }

  /// Closes with RST, so that the peer sees an error rather than an end.
  package func reset() {
    guard isOpen else { return }
    tls = nil
    isOpen = false
    isReading = false
    if uv_tcp_close_reset(handle.pointer, freeClosedHandle) != 0 { handle.close() }
  }

  func fail(_ error: UVError) {
    guard isOpen, !hasFailed else { return }
    stopReading()
    hasFailed = true
    delegate?.stream(self, didFail: error)
  }

  /// A failed write is reported after its caller has returned, so that no delegate is called from inside its own call.
  func failLater(_ error: UVError) { EventLoop.shared.afterCallback { self.fail(error) } }

  static func address(
    of tcp: UnsafeMutablePointer<uv_tcp_t>,
    _ query: (UnsafePointer<uv_tcp_t>?, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<Int32>?) -> Int32
  ) throws(UVError) -> SocketAddress {
    let storage = UnsafeMutablePointer<sockaddr_storage>.allocate(capacity: 1)
    defer { storage.deallocate() }
    var size = Int32(MemoryLayout<sockaddr_storage>.size)
    try check(query(tcp, UnsafeMutableRawPointer(storage).assumingMemoryBound(to: sockaddr.self), &size))
    return SocketAddress(storage)
  }
}

extension UnsafeRawBufferPointer {
  /// libuv's buffers are not const because reads use them too; writes leave them alone.
  var asUVBuffer: uv_buf_t {
    uv_buf_init(UnsafeMutableRawPointer(mutating: baseAddress)?.assumingMemoryBound(to: CChar.self), UInt32(count))
  }
}
