import FoundationEssentials

/// What an event stream tells: the data of `event: state`. What is not known is null.
struct ActivityState: Codable {
  struct Workers: Codable {
    /// Known where `saccade up` supervises them.
    var ready: Int?
    var busy: Int?
    /// Whose answers have come within the last minutes; of several processes on a port, to the one that has seen most.
    var seen: Int
  }

  /// Images a second.
  struct Rates: Codable {
    var answered: Double
    var failed: Double
    var refused: Double
  }

  var at: Date
  var queue: QueueWatch.Depth?
  var workers: Workers
  var rates: Rates?
  /// Images whose answer is waited for.
  var pending: Int
  /// Files on their way to S3, and requests let in to bring one.
  var uploads: Int

  /// JSON in one line.
  var json: [UInt8] { AdminJSON.encode(self) }

  /// This and what the other processes on the port have told: their sum, and the queue and workers as this one knows them.
  func adding(_ others: [ActivityState]) -> ActivityState {
    var sum = self
    for other in others {
      sum.workers.seen = max(sum.workers.seen, other.workers.seen)
      sum.pending += other.pending
      sum.uploads += other.uploads
      guard let rates = other.rates else { continue }
      sum.rates = (sum.rates ?? Rates(answered: 0, failed: 0, refused: 0)).adding(rates)
    }
    return sum
  }
}

extension ActivityState.Rates {
  fileprivate func adding(_ other: Self) -> Self {
    .init(answered: answered + other.answered, failed: failed + other.failed, refused: refused + other.refused)
  }
}
