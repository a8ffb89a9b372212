/// What a run is to do.
package struct LoadPlan: Sendable {
  package enum Pacing: Sendable, Equatable {
    /// Each of the connections sends its next request when it has its answer.
    case closed
    /// Requests are due at times of their own, whatever becomes of those before.
    case open(ArrivalClock.Spacing, ratePerSecond: Double)
  }

  package var pacing = Pacing.closed
  /// Connections at most, and in a closed loop exactly.
  package var connectionCount = 10
  /// Requests that are sent; nil: until `duration` ends.
  package var requestCount: Int?
  /// For how long requests are sent; nil: until all are.
  package var duration: Duration?
  /// Requests that are due in this first part are sent and not counted.
  package var warmUp: Duration = .zero
  /// From when a request is due until it counts as failed.
  package var timeout: Duration = .seconds(60)
  package var keepsAlive = true
  /// Bytes a second at which each request is sent; nil: as fast as it goes.
  package var bytesPerSecond: Int?
  /// Whether answers are fetched where a 202 says that they will be.
  package var isAsynchronous = false
  /// Whether answers are held against the labels in file names.
  package var checksLabels = false
  package var seed: UInt64 = 1
  /// PEM; whom to trust instead of the system's authorities.
  package var authorityFile: String?

  package init() {}
}
