import CLibuv

/// Watches a socket that somebody else owns, such as one of libcurl's.
///
/// The owner of the socket must `close()` the poll before it closes the descriptor.
@LoopActor
package final class SocketPoll {
  package struct Events: OptionSet, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }
    package static let readable = Events(rawValue: Int32(UV_READABLE.rawValue))
    package static let writable = Events(rawValue: Int32(UV_WRITABLE.rawValue))
  }

  private let handle = UVHandle<uv_poll_t>()
  private var action: (@LoopActor (Result<Events, UVError>) -> Void)?
  private var isOpen = true

  package init(fileDescriptor: Int32) throws(UVError) {
    let status = uv_poll_init_socket(EventLoop.shared.loop, handle.pointer, fileDescriptor)
    guard status == 0 else {
      handle.freeUninitialised()
      isOpen = false
      throw UVError(code: status)
    }
    handle.attach(self)
  }

  /// Starts, or changes what is watched.
  package func start(
    _ events: Events, _ action: @escaping @LoopActor (Result<Events, UVError>) -> Void
  ) throws(UVError) {
    guard isOpen else { throw UVError.invalidArgument }
    self.action = action
    try check(
      uv_poll_start(handle.pointer, events.rawValue) { handle, status, events in
        EventLoop.callback {
          let poll = owner(handle?.pointee.data, as: SocketPoll.self)
          poll.action?(status < 0 ? .failure(UVError(code: status)) : .success(Events(rawValue: events)))
        }
      })
  }

  package func stop() { if isOpen { uv_poll_stop(handle.pointer) } }

  package func close() {
    guard isOpen else { return }
    isOpen = false
    action = nil
    handle.close()
  }
}
