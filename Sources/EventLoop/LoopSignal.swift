import CLibuv
import Glibc

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
    unblock(signal)
  }

  /// Foundation's `Process`, like others that start programs from a thread of a pool, hands down a mask that blocks
  /// nearly all signals: they would then never arrive.
  private func unblock(_ signal: Int32) {
    var mask = sigset_t()
    sigemptyset(&mask)
    sigaddset(&mask, signal)
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
  }

  package func close() {
    guard action != nil else { return }
    action = nil
    handle.close()
  }
}
