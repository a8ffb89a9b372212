/// Every bound of the workers of one machine, its default and the reason for it.
package struct FleetLimits: Sendable {
  /// A worker classifies one image at a time; more of them than this take a machine with more cores than one loop serves.
  package static let workerCountMax = 64

  /// Of the policy's alarms. A worker is ready in less, a tenth of what an instance takes of the minute of CloudWatch's.
  package var period: Duration = .seconds(1)
  /// How long a worker that is ready is not yet counted: what it does shows in the next period's depth.
  package var warmUpDuration: Duration = .seconds(1)
  /// Between two looks at the queue: every period has one, even when a call takes its time.
  package var lookInterval: Duration { period / 2 }
  /// How long a worker may take until it is ready, its first build of a cache of models included; one that hangs is killed
  /// and started again.
  package var readyDuration: Duration = .seconds(60)
  /// What a worker is told it may take to finish what it has begun.
  package var drainDuration: Duration = .seconds(20)
  /// Then it gives back what it holds, in two calls of at most 5 s each; one that is still there after this is killed.
  package var drainGraceDuration: Duration = .seconds(15)

  package init() {}
}
