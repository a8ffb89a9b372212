import DequeModule
import EventLoop

/// Lets connections be opened a few at a time: more than a listener's backlog holds would be lost, and tried again by the
/// kernel a second later.
@LoopActor
final class OpeningGate {
  private let countMax: Int
  private var openCount = 0
  private var waiting: Deque<@LoopActor () -> Void> = []

  init(countMax: Int) { self.countMax = countMax }

  /// Calls when it is somebody's turn, who then calls `leave()`.
  func enter(_ action: @escaping @LoopActor () -> Void) {
    guard openCount < countMax else { return waiting.append(action) }
    openCount += 1
    action()
  }

  func leave() {
    openCount -= 1
    if let next = waiting.popFirst() {
      openCount += 1
      next()
    }
  }
}
