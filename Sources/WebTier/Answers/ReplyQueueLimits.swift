/// Every bound of the reply queues' upkeep, its default and the reason for it.
package struct ReplyQueueLimits: Sendable {
  /// How often a process marks its queue as alive. Amazon allows an account 30 tagging calls a second: enough for
  /// some thousand processes at this pace.
  package var heartbeatInterval: Duration = .seconds(60)
  /// A mark so old makes a queue suspect: fifteen that failed in a row, or clocks that differ by as much.
  package var deadDuration: Duration = .seconds(15 * 60)
  /// A queue that was never marked is made by a version that did not mark; those are replaced within a day.
  package var untaggedDuration: Duration = .seconds(24 * 3600)
  /// A suspect whose mark has not changed for so long is dead, whatever its clock says: three heartbeats.
  package var confirmDuration: Duration = .seconds(3 * 60)
  /// Between two rounds, a quarter more or less, so that processes started together do not stay together.
  package var roundInterval: Duration = .seconds(10 * 60)
  /// The first round begins up to so long after the start.
  package var startDelayMax: Duration = .seconds(60)
  /// Pages of a thousand queues that a round lists.
  package var pageCountMax = 10
  /// Queues that a round looks at, by chance among those old enough, so that several processes share them.
  package var lookCountMax = 100
  /// Two calls a second leave the account's rate to heartbeats.
  package var callInterval: Duration = .milliseconds(500)
  /// How long SQS may say that our own queue does not exist before we believe it: a new queue takes a second or more to
  /// be known everywhere.
  package var missingDuration: Duration = .seconds(5)
  /// It doubles up to this while new queues go missing, too, so that a misled endpoint is not filled with them.
  package var missingDurationMax: Duration = .seconds(600)

  package init() {}
}
