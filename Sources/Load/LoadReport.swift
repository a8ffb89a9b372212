/// What came of a run, or has come of it so far.
package struct LoadReport: Sendable {
  package let plan: LoadPlan
  package let target: String
  package let seconds: Double
  package let record: LoadRecord
  package let inFlight: Int
  package let waiting: Int
  /// Requests under way at one time.
  package let busyMax: Int
  package let openedConnections: Int
  /// Connections that were open at one time.
  package let connectionsMax: Int
  package let repeated: Int
  package let sentBytes: Int
  package let receivedBytes: Int
  /// User and system time of the generator since its process began.
  package let cpuSeconds: Double

  package var answered: Int { record.answeredCount }

  /// Everything that was due, but for the warm-up.
  package var due: Int { answered + record.failedCount + record.droppedCount + record.interruptedCount }

  /// Whether every request was answered, and there were any.
  package var isComplete: Bool { answered > 0 && answered == due }

  /// Answers a second.
  package var rate: Double {
    let counted = seconds - plan.warmUp / .seconds(1)
    return counted > 0 ? Double(answered) / counted : 0
  }

  /// Of CPU, for each request that came to something.
  package var cpuMicrosecondsPerRequest: Double? {
    let count = answered + record.failedCount + record.warmUpCount
    return count > 0 ? cpuSeconds * 1e6 / Double(count) : nil
  }

  package static let percentiles = [50.0, 75, 90, 95, 99, 99.9, 100]
}
