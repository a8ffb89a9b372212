import AWS
import EventLoop
import Logging

/// Keeps an Auto Scaling group from taking the instance while it is busy: the shell around `ProtectionPlan`. Its calls run
/// beside the jobs, one at a time, and no job waits for them.
@LoopActor final class ScaleInProtection {
  typealias Call = @LoopActor (_ isProtected: Bool) async throws(AWSError) -> Void

  private var plan: ProtectionPlan
  private let call: Call
  private let logger: Logger
  private var timer: LoopTimer?
  private var calling: Task<Void, Never>?
  private var isClosed = false

  init(limits: WorkerLimits, logger: Logger, call: @escaping Call) {
    plan = ProtectionPlan(limits: limits, at: .now)
    self.call = call
    self.logger = logger
    timer = LoopTimer { [unowned self] in proceed() }
  }

  func setBusy(_ isBusy: Bool) {
    plan.setBusy(isBusy, at: .now)
    proceed()
  }

  private func proceed() {
    if isClosed { return }
    switch plan.step(at: .now) {
    case .rest: timer?.stop()
    case .wait(let delay): timer?.start(after: delay)
    case .call(let isProtected):
      timer?.stop()
      calling = EventLoop.shared.spawn { [self] in await tell(isProtected) }
    }
  }

  private func tell(_ isProtected: Bool) async {
    var hasSucceeded = false
    do {
      try await call(isProtected)
      hasSucceeded = true
      logger.info("\(isProtected ? "protected" : "not protected") from scale-in")
    } catch {
      if !isClosed { logger.warning("scale-in protection could not be set to \(isProtected): \(error)") }
    }
    plan.callEnded(succeeded: hasSucceeded, fraction: Double.random(in: 0...1), at: .now)
    proceed()
  }

  /// Ends it, after the call that is under way.
  /// - Parameter removing: takes the protection off first, lest an instance without a worker be kept for ever.
  func close(removing: Bool, within timeout: Duration) async {
    isClosed = true
    timer?.close()
    timer = nil
    await withDeadline(timeout) { [self] in
      await calling?.value
      guard removing, plan.applied != false else { return }
      do { try await call(false) } catch { logger.warning("scale-in protection could not be taken off: \(error)") }
    } onDeadline: { [self] in
      calling?.cancel()
    }
  }
}

/// Cancels what takes too long, and waits for its end: calls that are cancelled end at once.
@LoopActor func withDeadline(
  _ timeout: Duration, _ body: @escaping @LoopActor () async -> Void, onDeadline: @escaping @LoopActor () -> Void = {}
) async {
  let task = EventLoop.shared.spawn { await body() }
  let timer = LoopTimer {
    onDeadline()
    task.cancel()
  }
  timer.start(after: timeout)
  defer { timer.close() }
  await task.value
}
