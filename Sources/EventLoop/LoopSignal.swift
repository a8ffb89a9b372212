import CLibuv

/// Calls an action on the loop for each delivery of a Unix signal, until `close()`.
@LoopActor
package final class LoopSignal {
  private let handle = UVHandle<uv_signal_t>()
  private var action: (@LoopActor () -> Void)?

  /// - Throws: `EINVAL` for a signal that cannot be caught.
  package init(_ signal: Int32, _ action: @escaping @LoopActor () -> Void) throws(UVError) {
    self.action = action
    uv_signal_init(EventLoop.shared.loop, handle.pointer)
    handle.attach(self)
    do throws(UVError) {
      try check(
        uv_signal_start(
          handle.pointer,
          { handle, _ in EventLoop.callback { owner(handle?.pointee.data, as: LoopSignal.self).action?() } },
          signal))
    } catch {
      close()
      throw error
    }
  }

  package func close() {
    guard action != nil else { return }
    action = nil
    handle.close()
  }
}
