import AWS
import DequeModule
import EventLoop
import Logging

/// What may lie in the input bucket although no job will ever name it: uploads that were given up, and those that failed
/// although S3 may have stored them, since an answer was lost. Only keys of one upload come here, so nothing of anybody else's is met.
///
/// Every removal is tried again with growing pauses until S3 has confirmed it; one whose upload may still be on its way
/// is done twice, for S3 may store what arrived before the removal after it. What cannot be removed at all is logged: it
/// costs its storage, and nothing else.
@LoopActor
final class Removals {
  private struct Removal {
    let key: String
    /// Whether an upload may still be stored after the first removal.
    let isUncertain: Bool
    /// Whether there may be parts without an object.
    let isParted: Bool
    let keepsObject: Bool
    /// What may still be storing it, or is removing it itself.
    let task: Task<Void, Never>?
  }

  private let s3: S3Client
  private let bucket: String
  private let limits: WebLimits
  private let logger: Logger
  private var waiting = Deque<Removal>()
  private var runningCount = 0
  private var isHurried = false
  private var pauses: [UInt64: Task<Void, Never>] = [:]
  private var pauseCount: UInt64 = 0
  private var waiters: [CheckedContinuation<Void, Never>] = []

  init(s3: S3Client, bucket: String, limits: WebLimits, logger: Logger) {
    self.s3 = s3
    self.bucket = bucket
    self.limits = limits
    self.logger = logger
  }

  /// Removals that are not done yet.
  var count: Int { waiting.count + runningCount }

  func remove(_ key: String, isUncertain: Bool, isParted: Bool = false, after task: Task<Void, Never>? = nil) {
    guard waiting.count < limits.removalCountMax else {
      return logger.warning("too much waits to be removed; an upload without a job stays", metadata: ["key": "\(key)"])
    }
    waiting.append(
      Removal(key: key, isUncertain: isUncertain, isParted: isParted, keepsObject: false, task: task))
    startNext()
  }

  /// For an object that is stored: what else was begun under its key.
  func removeStrays(of key: String) {
    guard waiting.count < limits.removalCountMax else { return }
    waiting.append(Removal(key: key, isUncertain: false, isParted: true, keepsObject: true, task: nil))
    startNext()
  }

  /// Counts what removes its own upload among the removals, to be waited for.
  func follow(_ task: Task<Void, Never>) {
    guard waiting.count < limits.removalCountMax else { return }
    waiting.append(Removal(key: "", isUncertain: false, isParted: false, keepsObject: true, task: task))
    startNext()
  }

  /// Does what is left without pauses, and returns when nothing is, or when the bound has passed.
  func finish(within bound: Duration) async {
    isHurried = true
    for pause in pauses.values { pause.cancel() }
    guard count > 0 else { return }
    let timer = LoopTimer { [self] in resumeWaiters() }
    timer.start(after: bound)
    await withCheckedContinuation { waiters.append($0) }
    timer.close()
  }

  private func startNext() {
    while runningCount < limits.removalsInFlightMax, let removal = waiting.popFirst() {
      runningCount += 1
      EventLoop.shared.spawn { [self] in
        await perform(removal)
        runningCount -= 1
        startNext()
        if count == 0 { resumeWaiters() }
      }
    }
  }

  private func resumeWaiters() {
    let waiters = waiters
    self.waiters = []
    for waiter in waiters { waiter.resume() }
  }

  private func perform(_ removal: Removal) async {
    await removal.task?.value
    var passCount = removal.isUncertain ? 2 : 1
    var attemptCount = 0
    while true {
      do throws(AWSError) {
        if removal.isParted { try await s3.abortMultipartUploads(bucket: bucket, key: removal.key) }
        if !removal.keepsObject { try await s3.deleteObject(bucket: bucket, key: removal.key) }
        passCount -= 1
        if passCount == 0 { return }
        await pause(limits.removalSettleDuration)
      } catch {
        attemptCount += 1
        guard attemptCount < limits.removalAttemptCountMax else {
          return logger.warning(
            "an upload without a job stays in the bucket", metadata: ["key": "\(removal.key)", "error": "\(error)"])
        }
        await pause(limits.removalPause * (1 << (2 * (attemptCount - 1))))
      }
    }
  }

  private func pause(_ duration: Duration) async {
    guard !isHurried else { return }
    pauseCount += 1
    let number = pauseCount
    let task = EventLoop.shared.spawn { try? await sleep(for: duration) }
    pauses[number] = task
    await task.value
    pauses[number] = nil
  }
}
