import Foundation
import Glibc
import Synchronization

/// SIGINT and SIGTERM to a command that works through files: the first asks for an end, the second makes one.
final class Interruption: Sendable {
  private struct State {
    var signal: Int32?
    var action: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  /// Before any other thread begins: it would not block the signals.
  init() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM] { sigaddset(&signals, signal) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let blocked = signals
    Thread.detachNewThread { [self] in
      var blocked = blocked
      while true {
        var signal: Int32 = 0
        guard sigwait(&blocked, &signal) == 0 else { continue }
        received(signal)
      }
    }
  }

  /// The first that came.
  var signal: Int32? { state.withLock { $0.signal } }

  /// Called with the first, on a thread of its own; at once if it has come.
  func onSignal(_ action: @escaping @Sendable () -> Void) {
    let hasCome = state.withLock {
      $0.action = action
      return $0.signal != nil
    }
    if hasCome { action() }
  }

  private func received(_ signal: Int32) {
    let action = state.withLock {
      // What shells say of a process that a signal ended.
      if $0.signal != nil { _exit(128 + signal) }
      $0.signal = signal
      return $0.action
    }
    action?()
  }
}
