/// Every bound of the sink in one place.
package struct SinkLimits: Sendable {
  /// Open connections: a web process has at most 256 to its clouds, and there may be many processes under test.
  package var connectionCountMax = 32_768
  /// One request to SQS. A front under test may put whole images into its messages: ten of 1 MiB, escaped.
  package var queueRequestByteCountMax = 16 * 1024 * 1024
  /// Queues; further names get `RequestThrottled`.
  package var queueCountMax = 10_000
  /// Messages that wait in one queue, and answers that are held back: twenty times what a web process waits for. Further
  /// ones get `RequestThrottled`.
  package var messageCountMax = 1_000_000

  package init() {}
}
