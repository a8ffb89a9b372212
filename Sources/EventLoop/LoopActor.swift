/// Isolates code to the event loop's thread.
@globalActor
package actor LoopActor {
  package static let shared = LoopActor()

  package nonisolated var unownedExecutor: UnownedSerialExecutor { EventLoop.shared.asUnownedSerialExecutor() }

  /// Calls isolated code from a C callback that is already on the loop's thread; traps on any other.
  @inline(__always)
  package static func assumeIsolated<T>(_ body: @LoopActor () throws -> T) rethrows -> T {
    precondition(EventLoop.shared.isCurrent, "not on the event loop's thread")
    // The isolation is part of the function's type only, not of its representation; the thread was checked above.
    return try withoutActuallyEscaping(body) { body in
      try unsafeBitCast(body, to: (() throws -> T).self)()
    }
  }
}
