// The libuv loop of the process as a Swift executor, and everything that lives on it: TCP, TLS, timers, signals,
// child processes, blocking work. It promises that loop code runs on one thread, in the order of its events, and that
// async functions resume there without a detour through another thread. Handles obey libuv's rules: an open handle
// keeps its object alive, `close()` is explicit, and memory is freed in the close callback, never in a `deinit`.
// It does not do protocols, and there is no second loop in a process: more cores, more processes.

import CLibuv
import DequeModule
import Glibc
import Synchronization

/// The process's only loop: executor of ``LoopActor`` and task executor of every task on it.
///
/// A continuation resumes on the generic executor unless its task has an executor preference, which costs two
/// context switches and a thread nobody asked for. Tasks are therefore started by ``spawn(_:)`` only.
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
  package static let shared = EventLoop()

  /// Jobs run in one go before the loop looks at its sockets again, so that a task that always has more to do
  /// cannot starve them.
  private static let jobsPerTurnMax = 4096

  /// Jobs from other threads, and whether anybody is there to run them.
  private struct Inbox {
    var jobs: [UnownedJob] = []
    var isClosed = false
  }

  let loop: UnsafeMutablePointer<uv_loop_t>
  private let wakeUp: UnsafeMutablePointer<uv_async_t>
  private let beforePoll: UnsafeMutablePointer<uv_prepare_t>
  private let inbox = Mutex(Inbox())
  private let loopThread = Atomic<UInt>(0)

  /// Loop thread only.
  private var ready = Deque<UnownedJob>()
  /// Loop thread only.
  private var deferred = Deque<@LoopActor () -> Void>()
  /// Loop thread only.
  private var turnEnds: [@LoopActor () -> Void] = []
  /// Every stream reads into this one buffer: its bytes are consumed before the read callback returns, or whoever keeps
  /// them takes it and leaves another. Loop thread only.
  private(set) var readBuffer = mapPages(byteCount: EventLoop.readBufferByteCount)
  /// How much of it a read may fill, at least a byte: less for as long as memory is short, since what is read of one
  /// stream has to stay somewhere.
  @LoopActor package var readByteCountMax = EventLoop.readBufferByteCount

  private init() {
    signal(SIGPIPE, SIG_IGN)
    keepFreedMemory()
    loop = .allocate(capacity: 1)
    wakeUp = .allocate(capacity: 1)
    beforePoll = .allocate(capacity: 1)
    precondition(uv_loop_init(loop) == 0, "no resources for an event loop")
    precondition(uv_async_init(loop, wakeUp) { _ in EventLoop.shared.takeInbox() } == 0, "no descriptor for wake-ups")
    precondition(uv_prepare_init(loop, beforePoll) == 0)
    uv_prepare_start(beforePoll) { _ in EventLoop.shared.drainBeforePoll() }
    uv_unref(UnsafeMutableRawPointer(beforePoll).assumingMemoryBound(to: uv_handle_t.self))
  }

  // MARK: Running

  /// Runs the loop on the calling thread until `main` has returned, then closes every handle that is still open.
  ///
  /// May be called once in a process. Tasks still suspended when `main` returns never resume.
  package func run<T: Sendable>(_ main: @escaping @Sendable @LoopActor () async throws -> T) throws -> T {
    let (isFirst, _) = loopThread.compareExchange(
      expected: 0, desired: EventLoop.currentThread, ordering: .sequentiallyConsistent)
    precondition(isFirst, "the loop runs once in a process")
    let outcome = Outcome<T>()
    spawn {
      do { outcome.result = .success(try await main()) } catch { outcome.result = .failure(error) }
      uv_stop(EventLoop.shared.loop)
    }
    takeInbox()
    while true {
      if let result = outcome.result {
        close()
        return try result.get()
      }
      uv_run(loop, UV_RUN_DEFAULT)
    }
  }

  /// True on the loop's own thread.
  package var isCurrent: Bool { loopThread.load(ordering: .relaxed) == EventLoop.currentThread }

  /// The types of the handles that are open and are not the loop's own, for leak tests.
  @LoopActor package var openHandles: [String] {
    var names: [String] = []
    withUnsafeMutablePointer(to: &names) { names in
      uv_walk(
        loop,
        { handle, names in
          guard let handle, let names, uv_is_closing(handle) == 0, !EventLoop.shared.owns(handle) else { return }
          names.assumingMemoryBound(to: [String].self).pointee
            .append(String(cString: uv_handle_type_name(uv_handle_get_type(handle))))
        }, names)
    }
    return names
  }

  private func close() {
    inbox.withLock { $0.isClosed = true }
    uv_walk(
      loop,
      { handle, _ in
        guard let handle, uv_is_closing(handle) == 0 else { return }
        if EventLoop.shared.owns(handle) { uv_close(handle, nil) } else { closeHandle(handle) }
      }, nil)
    // What close callbacks make runnable still runs, but nothing waits any more.
    while uv_run(loop, UV_RUN_NOWAIT) != 0 {}
    drain()
    while uv_run(loop, UV_RUN_NOWAIT) != 0 {}
    let status = uv_loop_close(loop)
    precondition(status == 0, "the loop closed with a handle or request still active")
  }

  private func owns(_ handle: UnsafeMutablePointer<uv_handle_t>) -> Bool {
    let handle = UnsafeMutableRawPointer(handle)
    return handle == UnsafeMutableRawPointer(wakeUp) || handle == UnsafeMutableRawPointer(beforePoll)
  }

  // MARK: Reading

  /// As large as what a fast client has sent by the time it is looked at, so that it takes one system call.
  package static let readBufferByteCount = 128 * 1024

  /// Where in the read buffer these bytes are; nil when they are elsewhere.
  @LoopActor package func offsetInReadBuffer(of bytes: Span<UInt8>) -> Int? {
    guard let base = readBuffer.baseAddress else { return nil }
    return bytes.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress, start >= base, start < base + readBuffer.count else { return nil }
      return start - UnsafeRawPointer(base)
    }
  }

  /// Gives the read buffer away, with what has just been read, for another of its size that was made by ``mapPages(byteCount:)``. Spans of
  /// its bytes stay valid for as long as the new owner leaves them where they are.
  @LoopActor package func exchangeReadBuffer(
    for other: UnsafeMutableRawBufferPointer
  ) -> UnsafeMutableRawBufferPointer {
    precondition(other.count == EventLoop.readBufferByteCount, "a read buffer has its size")
    defer { readBuffer = other }
    return readBuffer
  }

  // MARK: Executor

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      ready.append(job)
      return
    }
    inbox.withLock { inbox in
      if inbox.isClosed { return }
      inbox.jobs.append(job)
      // Inside the lock: the loop closes the handle only after it has marked the inbox as closed.
      if inbox.jobs.count == 1 { uv_async_send(wakeUp) }
    }
  }

  package func checkIsolated() { precondition(isCurrent, "not on the event loop's thread") }

  package func isIsolatingCurrentContext() -> Bool? { isCurrent }

  package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

  /// Starts a task on the loop, from any thread.
  @discardableResult
  package func spawn(_ operation: @escaping @Sendable @LoopActor () async -> Void) -> Task<Void, Never> {
    Task(executorPreference: self) { await operation() }
  }

  /// Starts a task on the loop, from any thread, for those who await what it comes to.
  package func start<T: Sendable>(
    _ operation: @escaping @Sendable @LoopActor () async throws -> T
  ) -> Task<T, any Error> {
    Task(executorPreference: self) { try await operation() }
  }

  /// Since some moment before the loop began, as of the present turn of the loop; it costs no system call.
  @LoopActor package var uptime: Duration { .milliseconds(Int64(uv_now(loop))) }

  /// Turns of the loop so far. In each every socket that was ready at its beginning is looked at.
  @LoopActor package private(set) var turnCount: UInt64 = 0

  /// Runs `action` on the loop after the present callback has returned, without the cost of a task.
  @LoopActor package func afterCallback(_ action: @escaping @LoopActor () -> Void) { deferred.append(action) }

  /// Runs `action` before the loop next waits for its sockets: after everything that became ready together has been
  /// seen, so that what belongs together can leave together.
  @LoopActor package func atEndOfTurn(_ action: @escaping @LoopActor () -> Void) { turnEnds.append(action) }

  /// Runs every job that is ready now, from within a callback: for the few who have bytes in hand that only a task can
  /// tell what to do with. It must not be called from a job, and whatever the caller holds may have changed afterwards.
  @LoopActor package func runReadyJobs() { drain() }

  /// Runs the body of a libuv callback, then every job that it made ready.
  static func callback(_ body: @LoopActor () -> Void) {
    LoopActor.assumeIsolated(body)
    shared.drain()
  }

  private func takeInbox() {
    let jobs = inbox.withLock { inbox in
      defer { inbox.jobs = [] }
      return inbox.jobs
    }
    ready.append(contentsOf: jobs)
    drain()
  }

  private func drainBeforePoll() {
    drain()
    if !turnEnds.isEmpty {
      let actions = turnEnds
      turnEnds = []
      LoopActor.assumeIsolated { for action in actions { action() } }
      drain()
    }
    LoopActor.assumeIsolated { turnCount &+= 1 }
    // A turn that ended at its bound must not sleep on the rest.
    if !ready.isEmpty || !deferred.isEmpty || !turnEnds.isEmpty { uv_async_send(wakeUp) }
  }

  private func drain() {
    let serial = asUnownedSerialExecutor()
    let task = asUnownedTaskExecutor()
    var budget = EventLoop.jobsPerTurnMax
    while budget > 0 {
      if let job = ready.popFirst() {
        job.runSynchronously(isolatedTo: serial, taskExecutor: task)
      } else if let action = deferred.popFirst() {
        LoopActor.assumeIsolated(action)
      } else {
        return
      }
      budget -= 1
    }
  }

  private static var currentThread: UInt { pthread_self() }
}

/// What `run`'s main function came to; written and read on the loop's thread only.
private final class Outcome<T: Sendable>: @unchecked Sendable {
  var result: Result<T, any Error>?
}
