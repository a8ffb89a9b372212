import CLibuv

/// A timer of the loop, in whole milliseconds (rounded up, so that it never fires early).
///
/// It keeps itself alive until `close()`.
@LoopActor
package final class LoopTimer {
  private let handle = UVHandle<uv_timer_t>()
  private var action: (@LoopActor () -> Void)?

  package init(_ action: @escaping @LoopActor () -> Void) {
    self.action = action
    // Cannot fail: libuv only links the handle into the loop.
    uv_timer_init(EventLoop.shared.loop, handle.pointer)
    handle.attach(self)
  }

  /// Starts, or starts anew.
  package func start(after delay: Duration, repeating interval: Duration? = nil) {
    guard action != nil else { return }
    uv_timer_start(
      handle.pointer,
      { handle in EventLoop.callback { owner(handle?.pointee.data, as: LoopTimer.self).fire() } },
      delay.wholeMilliseconds, interval.map { max(1, $0.wholeMilliseconds) } ?? 0)
  }

  package func stop() { if action != nil { uv_timer_stop(handle.pointer) } }

  package func close() {
    guard action != nil else { return }
    action = nil
    handle.close()
  }

  private func fire() { action?() }
}

extension Duration {
  /// Rounded up; negative durations count as zero.
  var wholeMilliseconds: UInt64 {
    let (seconds, attoseconds) = components
    if seconds < 0 || attoseconds < 0 { return 0 }
    let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1000)
    return overflow ? .max : whole &+ UInt64((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
