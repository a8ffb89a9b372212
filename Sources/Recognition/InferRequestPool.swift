import Glibc
import Synchronization

/// As many requests as inferences may run at once. A caller that finds none idle waits, holding no lock.
final class InferRequestPool: Sendable {
  private let idle: Mutex<[InferRequest]>
  /// Counts the idle requests; on the heap because a semaphore must not move.
  private nonisolated(unsafe) let permits: UnsafeMutablePointer<sem_t>

  init(_ requests: [InferRequest]) {
    precondition(!requests.isEmpty)
    permits = .allocate(capacity: 1)
    // Fails only for counts beyond SEM_VALUE_MAX.
    guard sem_init(permits, 0, UInt32(requests.count)) == 0 else { preconditionFailure("sem_init: \(errno)") }
    idle = Mutex(requests)
  }

  deinit {
    sem_destroy(permits)
    permits.deallocate()
  }

  func withRequest<Result, Failure: Error>(
    _ body: (InferRequest) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // Interrupted by a signal it is simply asked again.
    while sem_wait(permits) != 0 {}
    guard let request = idle.withLock({ $0.popLast() }) else { preconditionFailure("a permit without a request") }
    defer {
      idle.withLock { $0.append(request) }
      sem_post(permits)
    }
    return try body(request)
  }
}
