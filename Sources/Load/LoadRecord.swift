/// What has come of the requests of a run so far, those of the warm-up left out. It does not grow with their number.
package struct LoadRecord: Sendable {
  /// From when a request was due to its answer. What timed out or was dropped is in it with the timeout, the least that it
  /// has taken: left out, a stall that is long enough would make the others' percentiles look well.
  package private(set) var latency = Latencies()
  /// Of answers, from when the request was begun: what a client that waits for its turn would measure.
  package private(set) var service = Latencies()
  package private(set) var timeline = LatencyTimeline()
  /// By kind.
  package private(set) var failures: [String: Int] = [:]
  package private(set) var failedCount = 0
  /// Due, and not begun in time.
  package private(set) var droppedCount = 0
  /// Under way when the run was ended.
  package private(set) var interruptedCount = 0
  package private(set) var warmUpCount = 0
  package private(set) var answeredCount = 0
  /// Of them, those that are in the latencies with the timeout.
  package private(set) var overdueCount = 0
  package private(set) var checkedCount = 0
  package private(set) var rightCount = 0
  package private(set) var rankedCount = 0
  package private(set) var rightAmongFiveCount = 0
  /// Of files whose answers came.
  package private(set) var answeredByteCount = 0

  package init() {}

  mutating func countWarmUp() { warmUpCount += 1 }

  mutating func answered(due: Duration, latency: Duration, service: Duration, byteCount: Int) {
    answeredCount += 1
    self.latency.record(latency)
    self.service.record(service)
    timeline.record(due: due, latency: latency)
    answeredByteCount += byteCount
  }

  mutating func check(_ answer: LoadAnswer, against expected: ExpectedLabel) {
    func isRight(_ candidate: LoadAnswer.Class) -> Bool {
      expected.matches(label: candidate.label, wordNetID: candidate.wordNetID)
    }
    checkedCount += 1
    if answer.classes.first.map(isRight) ?? false { rightCount += 1 }
    guard answer.hasRanks else { return }
    rankedCount += 1
    if answer.classes.prefix(5).contains(where: isRight) { rightAmongFiveCount += 1 }
  }

  /// - Parameter timeout: What requests have, of which this one has used all if it timed out.
  mutating func failed(_ failure: LoadFailure, due: Duration, timeout: Duration) {
    failedCount += 1
    if failure == .timedOut { overdue(timeout) }
    timeline.record(due: due, latency: nil)
    let kind = failure.kind
    let isKnown = failures[kind] != nil || failures.count < LoadLimits.failureKindCountMax
    failures[isKnown ? kind : "other failures", default: 0] += 1
  }

  mutating func dropped(due: Duration, timeout: Duration) {
    droppedCount += 1
    overdue(timeout)
    timeline.record(due: due, latency: nil)
  }

  private mutating func overdue(_ timeout: Duration) {
    overdueCount += 1
    latency.record(timeout)
  }

  mutating func interrupted(_ count: Int) { interruptedCount = count }
}
