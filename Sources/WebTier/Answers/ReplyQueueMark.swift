import FoundationEssentials

/// The tag by which a process shows that its reply queue is in use: the time of the last heartbeat, in seconds since
/// 1970 by the process's own clock.
enum ReplyQueueMark {
  static let key = "saccade-heartbeat"

  static func tags(at now: Date) -> [String: String] { [key: String(Int64(now.timeIntervalSince1970))] }

  /// - Returns: `nil` when the queue was never marked.
  static func heartbeat(in tags: [String: String]) -> Int64? { tags[key].flatMap { Int64($0) } }
}
