import CLibuv

extension TCPStream {
  /// Connects to a numeric address.
  /// - Throws: What the kernel says, `ETIMEDOUT` after `timeout`, `ECANCELED` when the task is cancelled.
  package static func connect(to address: SocketAddress, timeout: Duration) async throws(UVError) -> TCPStream {
    let attempt = ConnectAttempt(address)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { attempt.begin(timeout: timeout, $0) }
    } onCancel: {
      EventLoop.shared.spawn { attempt.finish(.cancelled) }
    }
    return try result.get()
  }
}

/// One connection on its way; ends with a stream, an error of the kernel, a timeout or a cancellation, whichever is first.
@LoopActor
private final class ConnectAttempt {
  typealias Outcome = Result<TCPStream, UVError>
  private let address: SocketAddress
  private var handle: UVHandle<uv_tcp_t>?
  private var timer: LoopTimer?
  private var continuation: CheckedContinuation<Outcome, Never>?
  private var isFinished = false

  init(_ address: SocketAddress) { self.address = address }

  func begin(timeout: Duration, _ continuation: CheckedContinuation<Outcome, Never>) {
    if isFinished { return continuation.resume(returning: .failure(.cancelled)) }
    self.continuation = continuation
    do throws(UVError) {
      let handle = try TCPStream.makeHandle()
      self.handle = handle
      let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
      request.pointee.data = Unmanaged.passRetained(self).toOpaque()
      do throws(UVError) {
        try address.withSystemAddress { (system) throws(UVError) in
          try check(
            uv_tcp_connect(request, handle.pointer, system) { request, status in
              guard let request, let data = request.pointee.data else { return }
              request.deallocate()
              let attempt = Unmanaged<ConnectAttempt>.fromOpaque(data).takeRetainedValue()
              EventLoop.callback { attempt.finish(status < 0 ? UVError(code: status) : nil) }
            })
        }
      } catch {
        Unmanaged<ConnectAttempt>.fromOpaque(request.pointee.data).release()
        request.deallocate()
        throw error
      }
      let timer = LoopTimer { [self] in finish(.timedOut) }
      timer.start(after: timeout)
      self.timer = timer
    } catch {
      finish(error)
    }
  }

  /// - Parameter error: `nil` when the connection is made.
  func finish(_ error: UVError?) {
    guard !isFinished else { return }
    isFinished = true
    timer?.close()
    guard let error else {
      // The handle is set before the connection can succeed.
      continuation?.resume(returning: .success(TCPStream(connected: handle!, to: address)))
      return
    }
    handle?.close()
    continuation?.resume(returning: .failure(error))
  }
}
