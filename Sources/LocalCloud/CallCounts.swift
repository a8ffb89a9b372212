package import EventLoop

/// How often each operation was asked for, refused ones included: on AWS they would be on the bill.
@LoopActor
package final class CallCounts {
  /// More than the two APIs have here. What clients call an operation may be anything.
  private static let nameCountMax = 64

  /// By the API's name of the operation: "GetObject", "ReceiveMessage".
  package private(set) var counts: [String: Int] = [:]

  func add(_ operation: String) {
    guard counts[operation] != nil || counts.count < CallCounts.nameCountMax else { return }
    counts[operation, default: 0] += 1
  }

  /// "3 GetObject, 1 PutObject"; nothing when there were none.
  package var description: String {
    counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
  }
}
