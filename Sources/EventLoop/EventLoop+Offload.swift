import CLibuv

extension EventLoop {
  /// Runs blocking work on libuv's thread pool and resumes on the loop.
  ///
  /// The pool has four threads unless `UV_THREADPOOL_SIZE` says otherwise; work beyond them waits its turn, so callers
  /// bound what they submit. Work that has been submitted is not cancelled with its task.
  package func offload<T: Sendable, E: Error>(
    _ work: @escaping @Sendable () throws(E) -> T
  ) async throws(E) -> T {
    let result: Result<T, E> = await submit(work)
    return try result.get()
  }

  @LoopActor
  private func submit<T: Sendable, E: Error>(
    _ work: @escaping @Sendable () throws(E) -> T
  ) async -> Result<T, E> {
    await withCheckedContinuation { continuation in
      let request = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
      request.pointee.data = Unmanaged.passRetained(WorkItem(work, continuation)).toOpaque()
      // Fails only without a callback.
      uv_queue_work(loop, request, runWork, finishWork)
    }
  }
}

/// On a thread of the pool, so not isolated to the loop.
private let runWork: uv_work_cb = { request in owner(request?.pointee.data, as: WorkItem.self).work?() }

private let finishWork: uv_after_work_cb = { request, _ in
  guard let request, let data = request.pointee.data else { return }
  request.deallocate()
  let item = Unmanaged<WorkItem>.fromOpaque(data).takeRetainedValue()
  EventLoop.callback { item.finish() }
}

/// Work on its way through the pool. One thread holds it at a time, with libuv's queues between them.
private final class WorkItem: @unchecked Sendable {
  private(set) var work: (() -> Void)?
  private var complete: (() -> Void)?

  init<T: Sendable, E: Error>(
    _ work: @escaping @Sendable () throws(E) -> T, _ continuation: CheckedContinuation<Result<T, E>, Never>
  ) {
    self.work = { [unowned self] in
      let result: Result<T, E>
      do throws(E) { result = .success(try work()) } catch { result = .failure(error) }
      complete = { continuation.resume(returning: result) }
    }
  }

  func finish() { complete?() }
}
