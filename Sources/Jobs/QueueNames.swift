/// The names of a deployment's queues, all with one prefix.
package struct QueueNames: Sendable, Hashable {
  package enum Malformed: Error, Sendable, Hashable {
    case prefix, nodeID
  }

  /// A queue's name has 1 to 80 of `[A-Za-z0-9_-]` (SQS, CreateQueue).
  package static let nameByteCountMax = 80
  /// Leaves a node id of 40 characters room beside the prefix.
  package static let prefixByteCountMax = 31
  package static let nodeIDByteCountMax = 40

  package let prefix: String

  /// - Throws: ``Malformed/prefix`` unless it is 1 to ``prefixByteCountMax`` characters that a queue's name may have.
  package init(prefix: String) throws(Malformed) {
    guard (1...Self.prefixByteCountMax).contains(prefix.utf8.count), prefix.utf8.allSatisfy(\.isQueueNameCharacter)
    else { throw .prefix }
    self.prefix = prefix
  }

  /// Where the web tier puts jobs.
  package var requests: String { prefix + "-requests" }
  /// Where SQS puts jobs that were received too often.
  package var dead: String { prefix + "-dead" }
  /// What the names of all reply queues begin with.
  package var repliesPrefix: String { prefix + "-replies-" }

  /// Where one web process takes its answers from.
  /// - Throws: ``Malformed/nodeID`` unless it is 1 to ``nodeIDByteCountMax`` characters that a queue's name may have.
  package func replies(nodeID: String) throws(Malformed) -> String {
    guard (1...Self.nodeIDByteCountMax).contains(nodeID.utf8.count), nodeID.utf8.allSatisfy(\.isQueueNameCharacter)
    else { throw .nodeID }
    return repliesPrefix + nodeID
  }

  /// Whether a name could have come from ``replies(nodeID:)``.
  package func isReplyQueue(_ name: String) -> Bool {
    guard name.hasPrefix(repliesPrefix) else { return false }
    return (try? replies(nodeID: String(name.dropFirst(repliesPrefix.count)))) != nil
  }
}
