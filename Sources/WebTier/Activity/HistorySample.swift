import EventLoop
import FoundationEssentials

/// The counters as of a moment, for the difference to the next one.
struct HistoryBaseline {
  let at: ContinuousClock.Instant
  let answered: Int
  let failed: Int
  let refused: Int
  let upload: Histogram
  let queueWait: Histogram
  let inference: Histogram
  let total: Histogram

  @LoopActor init(_ metrics: WebMetrics) {
    at = .now
    answered = metrics.imageCount(.answered)
    failed = metrics.imageCount(.failed)
    refused = metrics.imageCount(.refused)
    upload = metrics.upload
    queueWait = metrics.queueWait
    inference = metrics.inference
    total = metrics.total
  }
}

/// Some seconds of this process's life.
struct HistorySample: Encodable {
  /// Of one stage, in milliseconds, estimated from the histogram's buckets.
  struct Latency: Encodable {
    var count: Int
    var mean: Double
    var p50: Double
    var p95: Double

    /// - Returns: `nil` of nothing.
    init?(_ histogram: Histogram) {
      guard let mean = histogram.mean, let p50 = histogram.quantile(0.5), let p95 = histogram.quantile(0.95) else {
        return nil
      }
      count = histogram.count
      self.mean = mean * 1000
      self.p50 = p50 * 1000
      self.p95 = p95 * 1000
    }
  }

  /// Its end.
  var at: Date
  var rates: ActivityState.Rates
  var pending: Int
  var uploads: Int
  /// Only of times in which somebody watched.
  var queue: QueueWatch.Depth?
  var upload: Latency?
  var queueWait: Latency?
  var inference: Latency?
  var answer: Latency?

  @LoopActor init(
    from first: HistoryBaseline, to last: HistoryBaseline, _ metrics: WebMetrics, queue: QueueWatch.Depth?
  ) {
    // A timer that was late by nothing at all would divide by it.
    let seconds = max((last.at - first.at).inSeconds, 0.001)
    at = Date()
    rates = .init(
      answered: Double(last.answered - first.answered) / seconds, failed: Double(last.failed - first.failed) / seconds,
      refused: Double(last.refused - first.refused) / seconds)
    pending = metrics.answers.count
    uploads = metrics.storage.takenPlaceCount
    self.queue = queue
    upload = Latency(last.upload.since(first.upload))
    queueWait = Latency(last.queueWait.since(first.queueWait))
    inference = Latency(last.inference.since(first.inference))
    answer = Latency(last.total.since(first.total))
  }
}
