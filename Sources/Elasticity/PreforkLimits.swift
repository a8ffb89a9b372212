/// Every bound of a group of processes on one port, its default and the reason for it.
package struct PreforkLimits: Sendable {
  /// One loop a core is all that helps; machines with more cores than this run more masters.
  package static let processCountMax = 64

  /// How long a process may take until it is ready. The web tier gives up by itself after the 60 s that it waits for
  /// buckets and queues; this is for one that hangs.
  package var readyDuration: Duration = .seconds(90)
  /// How long a process may take to end after SIGTERM; then it is killed.
  package var stopDuration: Duration = .seconds(40)
  /// The first death in a while is followed by a start at once, the next ones by a pause of this, doubling up to …
  package var restartDelayMin: Duration = .milliseconds(200)
  /// … this: often enough to be back soon after what was missing is there again.
  package var restartDelayMax: Duration = .seconds(10)
  /// A process that ran so long was well; its death is the first in a while.
  package var healthyDuration: Duration = .seconds(30)

  package init() {}
}
