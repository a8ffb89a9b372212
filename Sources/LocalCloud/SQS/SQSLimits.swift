/// Every bound of the queues in one place. Those that SQS documents are its own ("Amazon SQS quotas").
package enum SQSLimits {
  package static let batchEntryCountMax = 10
  /// Bodies and attributes of one message, and of all messages of a batch, together.
  package static let messageByteCountMax = 1_048_576
  package static let messageByteCountMaxRange = 1024...messageByteCountMax
  package static let attributeCountMax = 10
  package static let attributeNameByteCountMax = 256
  package static let queueNameByteCountMax = 80
  package static let batchEntryIDByteCountMax = 80
  package static let tagCountMax = 50
  package static let tagKeyCharacterCountMax = 128
  package static let tagValueCharacterCountMax = 256
  package static let queuePageCountMax = 1000
  /// Received and neither deleted nor visible again; beyond it a short poll is refused with `OverLimit`.
  package static let inFlightCountMax = 120_000
  package static let visibilityTimeoutMax: Duration = .seconds(43_200)
  package static let receiveCountMaxRange = 1...1000

  /// Queues. SQS has no such bound; each costs an index, a timer and a row here.
  package static let queueCountMax = 10_000
  /// Messages in all queues together: about 250 bytes of memory each, so 500 MB at the worst. Further sends are refused
  /// with `RequestThrottled`.
  package static let messageCountMax = 2_000_000
  /// Contents of messages that are also held in memory, so that most receives read nothing from the disk. What does
  /// not fit is read from the database when it is received.
  package static let cachedByteCountMax = 64 * 1024 * 1024
  /// Contents on their way to the database; beyond it sends are refused with `RequestThrottled`.
  package static let uncommittedByteCountMax = 128 * 1024 * 1024
  /// Receives that wait, in all queues together. Fewer than the connections a server takes would be a trap.
  package static let waiterCountMax = 10_000
  /// How much later than its answer a receive is written down at most. After a crash, receives of this last moment are
  /// not counted and their messages visible at once; sends and deletes are on disk before they are answered.
  package static let receiveWriteDelay: Duration = .seconds(1)
  /// Message-move tasks that are remembered a source, and messages moved in one transaction.
  package static let moveTaskCountMax = 10
  package static let moveBatchCountMax = 100
  package static let moveRateRange = 1...500
}
