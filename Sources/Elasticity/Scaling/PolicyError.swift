/// A scaling policy that AWS, or arithmetic, would refuse.
package struct PolicyError: Error, Equatable, CustomStringConvertible {
  /// Which policy, alarm or key is meant; empty for the whole.
  package let subject: String
  /// A sentence without its subject: "has steps that overlap".
  package let reason: String

  package init(_ subject: String, _ reason: String) {
    self.subject = subject
    self.reason = reason
  }

  package var description: String { subject.isEmpty ? reason : subject + " " + reason }
}
