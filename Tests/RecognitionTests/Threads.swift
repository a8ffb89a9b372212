import Glibc

/// Runs `body` on `count` threads of their own, as libuv's thread pool would, and returns when all have ended.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  final class Start {
    let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
  }
  let threads = (0..<count).map { index in
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start { body(index) })
    let result = pthread_create(
      &thread, nil,
      { pointer in
        if let pointer { Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue().work() }
        return nil
      }, start.toOpaque())
    precondition(result == 0, "pthread_create: \(result)")
    return thread
  }
  for thread in threads { pthread_join(thread, nil) }
}
