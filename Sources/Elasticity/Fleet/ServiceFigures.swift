import Figures

/// What a web process has counted since its start, as read from its `/metrics`.
///
/// Source: Prometheus exposition format, text version 0.0.4. Only what is shown is looked for; the rest is passed over.
package struct ServiceFigures: Sendable, Equatable {
  /// Latencies in buckets, each with what is at most its bound.
  package struct Latency: Sendable, Equatable {
    package struct Bucket: Sendable, Equatable {
      /// Seconds; the last one is infinite.
      package var bound: Double
      package var count: Double

      package init(bound: Double, count: Double) {
        self.bound = bound
        self.count = count
      }
    }

    /// In the order of their bounds.
    package var buckets: [Bucket]
    /// Seconds, of all together.
    package var sum: Double

    package var count: Double { buckets.last?.count ?? 0 }

    package init(buckets: [Bucket] = [], sum: Double = 0) {
      self.buckets = buckets
      self.sum = sum
    }
  }

  /// A process of its own has an id of its own, and counts from zero.
  package var node = ""
  package var answered = 0.0
  package var failed = 0.0
  package var refused = 0.0
  /// Images whose answer is waited for, now.
  package var pending = 0.0
  /// From a request's head to its answer.
  package var answer = Latency()
  package var upload = Latency()
  /// From an image's receipt to a worker's taking its job.
  package var queue = Latency()
  package var inference = Latency()

  package init() {}

  package init(metrics text: String) {
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else { continue }
      take(line[..<space], value)
    }
  }

  private mutating func take(_ sample: Substring, _ value: Double) {
    switch sample {
    case #"saccade_images_total{outcome="answered"}"#: answered = value
    case #"saccade_images_total{outcome="failed"}"#: failed = value
    case #"saccade_images_total{outcome="refused"}"#: refused = value
    case "saccade_pending_answers": pending = value
    case _ where sample.hasPrefix("saccade_build_info{"): node = String(sample)
    default:
      answer.take(sample, value, of: "saccade_answer_seconds")
      upload.take(sample, value, of: "saccade_upload_seconds")
      queue.take(sample, value, of: "saccade_queue_wait_seconds")
      inference.take(sample, value, of: "saccade_inference_seconds")
    }
  }

  /// What has been counted since an earlier look; everything, when that was at another process.
  package func since(_ earlier: ServiceFigures) -> ServiceFigures {
    guard earlier.node == node else { return self }
    var difference = self
    difference.answered -= earlier.answered
    difference.failed -= earlier.failed
    difference.refused -= earlier.refused
    difference.answer.subtract(earlier.answer)
    difference.upload.subtract(earlier.upload)
    difference.queue.subtract(earlier.queue)
    difference.inference.subtract(earlier.inference)
    return difference
  }
}

extension ServiceFigures.Latency {
  fileprivate mutating func take(_ sample: Substring, _ value: Double, of name: String) {
    guard sample.hasPrefix(name) else { return }
    let rest = sample.dropFirst(name.count)
    if rest == "_sum" { sum = value }
    let opening = #"_bucket{le=""#
    guard rest.hasPrefix(opening), rest.hasSuffix("\"}") else { return }
    let bound = rest.dropFirst(opening.count).dropLast(2)
    if let bound = bound == "+Inf" ? .infinity : Double(bound) { buckets.append(Bucket(bound: bound, count: value)) }
  }

  fileprivate mutating func subtract(_ earlier: Self) {
    guard earlier.buckets.map(\.bound) == buckets.map(\.bound) else { return }
    for index in buckets.indices { buckets[index].count -= earlier.buckets[index].count }
    sum -= earlier.sum
  }

  /// The mean in seconds; `nil` when there is none of nothing.
  package var mean: Double? { count > 0 ? sum / count : nil }

  /// Estimated from the buckets.
  /// - Parameter quantile: 0 to 1.
  /// - Returns: Seconds; `nil` when there is none of nothing.
  package func quantile(_ quantile: Double) -> Double? {
    buckets.lazy.map { (bound: $0.bound, count: $0.count) }.quantile(quantile, of: count)
  }
}
