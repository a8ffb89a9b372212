import Glibc
import Synchronization

/// Things that one thread at a time may use: as many as may be in use at once. A caller that finds none idle waits, holding
/// no lock.
final class IdlePool<Element: Sendable>: Sendable {
  private let elements: Mutex<[Element]>
  /// Counts the idle elements; on the heap because a semaphore must not move.
  private nonisolated(unsafe) let permits: UnsafeMutablePointer<sem_t>

  init(_ elements: [Element]) {
    precondition(!elements.isEmpty)
    permits = .allocate(capacity: 1)
    // Fails only for counts beyond SEM_VALUE_MAX.
    guard sem_init(permits, 0, UInt32(elements.count)) == 0 else { preconditionFailure("sem_init: \(errno)") }
    self.elements = Mutex(elements)
  }

  deinit {
    sem_destroy(permits)
    permits.deallocate()
  }

  /// Those that nobody uses at this moment.
  var idle: [Element] { elements.withLock { $0 } }

  func withElement<Result, Failure: Error>(
    _ body: (Element) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // Interrupted by a signal it is simply asked again.
    while sem_wait(permits) != 0 {}
    guard let element = elements.withLock({ $0.popLast() }) else { preconditionFailure("a permit without an element") }
    defer {
      elements.withLock { $0.append(element) }
      sem_post(permits)
    }
    return try body(element)
  }
}
