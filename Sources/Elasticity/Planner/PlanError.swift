/// What cannot be planned, in words.
package struct PlanError: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
