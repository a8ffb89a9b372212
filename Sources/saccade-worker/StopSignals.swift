import EventLoop
import Glibc

/// SIGTERM and SIGINT: the first asks for an orderly end, the second ends the process at once.
@LoopActor final class StopSignals {
  private(set) var first: Int32?
  /// Called with the first.
  var onFirst: (() -> Void)?
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
    onFirst?()
  }

  func wait() async {
    if first != nil { return }
    await withCheckedContinuation { continuation in onFirst = { continuation.resume() } }
  }

  func close() {
    for watcher in watchers { watcher.close() }
    watchers = []
  }
}
