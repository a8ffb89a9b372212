import EventLoop
import Jobs

/// The workers whose answers have come to this process, by the name that each answer has: all that is known of workers
/// where nobody supervises them.
///
/// An answer costs a look-up among a few names and some additions. Only of a worker that is new, or whose model has not
/// been read for a while, the whole answer is read.
struct WorkerTable {
  struct Entry {
    fileprivate(set) var answerCount = 0
    fileprivate(set) var lastAnswerAt: ContinuousClock.Instant
    /// Milliseconds; `nil` before the first timing.
    fileprivate(set) var meanInference: Double?
    fileprivate(set) var model: String?
    fileprivate var modelReadAt: ContinuousClock.Instant
  }

  /// An answer's share in the mean: about that of one in the last 32.
  fileprivate static let share = 1.0 / 32
  /// A worker that gets other models by SIGHUP is seen with them after so long.
  private static let modelValidDuration: Duration = .seconds(10)

  private let countMax: Int
  private let keptDuration: Duration
  private var entries: [String: Entry] = [:]

  init(limits: ActivityLimits) {
    countMax = limits.workerCountMax
    keptDuration = limits.workerKeptDuration
  }

  /// - Parameters:
  ///   - inference: Milliseconds, if the answer tells them.
  ///   - model: Reads the model's name from the answer.
  mutating func observe(
    _ worker: String, inference: Double?, at now: ContinuousClock.Instant, model: () -> String?
  ) {
    if let index = entries.index(forKey: worker) {
      entries.values[index].count(inference, at: now)
      if now - entries.values[index].modelReadAt > WorkerTable.modelValidDuration {
        entries.values[index].model = model()
        entries.values[index].modelReadAt = now
      }
      return
    }
    if entries.count >= countMax { forget(before: now - keptDuration) }
    // One that is new in a table full of others that are at work is not shown.
    guard entries.count < countMax else { return }
    var entry = Entry(lastAnswerAt: now, model: model(), modelReadAt: now)
    entry.count(inference, at: now)
    entries[worker] = entry
  }

  /// Those of the last minutes, by name.
  mutating func seen(at now: ContinuousClock.Instant) -> [(name: String, entry: Entry)] {
    forget(before: now - keptDuration)
    return entries.map { (name: $0.key, entry: $0.value) }.sorted { $0.name < $1.name }
  }

  mutating func seenCount(at now: ContinuousClock.Instant) -> Int {
    forget(before: now - keptDuration)
    return entries.count
  }

  private mutating func forget(before instant: ContinuousClock.Instant) {
    entries = entries.filter { $0.value.lastAnswerAt >= instant }
  }
}

extension WorkerTable.Entry {
  fileprivate init(lastAnswerAt: ContinuousClock.Instant, model: String?, modelReadAt: ContinuousClock.Instant) {
    self.lastAnswerAt = lastAnswerAt
    self.model = model
    self.modelReadAt = modelReadAt
  }

  fileprivate mutating func count(_ inference: Double?, at now: ContinuousClock.Instant) {
    answerCount += 1
    lastAnswerAt = now
    guard let inference else { return }
    meanInference = meanInference.map { $0 + (inference - $0) * WorkerTable.share } ?? inference
  }
}
