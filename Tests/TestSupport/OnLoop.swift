import EventLoop
import Foundation
import Synchronization

/// Runs a test's body on the process's event loop, which a background thread runs for as long as the tests do.
package func onLoop<T: Sendable>(_ body: @escaping @Sendable @LoopActor () async throws -> T) async throws -> T {
  LoopThread.start()
  return try await EventLoop.shared.start(body).value
}

private enum LoopThread {
  private static let isStarted = Mutex(false)

  static func start() {
    isStarted.withLock { isStarted in
      if isStarted { return }
      isStarted = true
      Thread.detachNewThread {
        try? EventLoop.shared.run { try await sleep(for: .seconds(1_000_000)) }
      }
    }
  }
}
