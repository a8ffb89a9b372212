import EventLoop
import Glibc

/// What ends the process. SIGTERM and SIGINT: the first asks for an orderly end, the second ends it at once. A notice of
/// the machine's end is as good as the first.
@LoopActor final class StopSignals {
  private(set) var isStopRequested = false
  /// Called when it is.
  var onStopRequest: (() -> Void)?
  private var first: Int32?
  private var watchers: [LoopSignal] = []

  init() throws(UVError) {
    for signal in [SIGTERM, SIGINT] {
      watchers.append(try LoopSignal(signal) { [unowned self] in received(signal) })
    }
  }

  private func received(_ signal: Int32) {
    // What shells say of a process that a signal ended.
    if first != nil { _exit(128 + signal) }
    first = signal
    requestStop()
  }

  func requestStop() {
    if isStopRequested { return }
    isStopRequested = true
    onStopRequest?()
  }

  func wait() async {
    if isStopRequested { return }
    await withCheckedContinuation { continuation in onStopRequest = { continuation.resume() } }
  }

  func close() {
    for watcher in watchers { watcher.close() }
    watchers = []
  }
}
