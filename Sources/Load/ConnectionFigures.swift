import EventLoop

/// What all connections have done together.
@LoopActor
final class ConnectionFigures {
  private(set) var openCount = 0
  private(set) var openCountMax = 0
  private(set) var openedCount = 0
  /// Requests that were sent anew, because the server had closed the connection before it saw them.
  var repeatedCount = 0
  var sentByteCount = 0
  var receivedByteCount = 0

  nonisolated init() {}

  func opened() {
    openedCount += 1
    openCount += 1
    openCountMax = max(openCountMax, openCount)
  }

  func closed() { openCount -= 1 }
}
