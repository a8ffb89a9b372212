/// What to do when the metric is so far from the alarm's threshold.
///
/// `StepAdjustment` of the EC2 Auto Scaling API. Bounds are differences to the threshold. Above the threshold the lower
/// bound belongs to the step and the upper does not, below it is the other way round.
package struct StepAdjustment: Sendable, Equatable, Codable {
  /// `nil` is negative infinity.
  package var lowerBound: Double?
  /// `nil` is positive infinity.
  package var upperBound: Double?
  /// Instances, or per cent of the current capacity, by the policy's ``AdjustmentType``.
  package var adjustment: Int

  package init(lowerBound: Double?, upperBound: Double?, adjustment: Int) {
    self.lowerBound = lowerBound
    self.upperBound = upperBound
    self.adjustment = adjustment
  }

  /// - Parameter isAbove: On which side of the threshold the metric is; one that equals it is on the side that breaches.
  func contains(breach: Double, isAbove: Bool) -> Bool {
    let lower = lowerBound ?? -.infinity
    let upper = upperBound ?? .infinity
    return isAbove ? lower <= breach && breach < upper : lower < breach && breach <= upper
  }
}

/// How ``StepAdjustment/adjustment`` is meant. Names are those of the EC2 Auto Scaling API.
package enum AdjustmentType: String, Sendable, Codable {
  /// So many instances more, or fewer when negative.
  case changeInCapacity = "ChangeInCapacity"
  /// So many instances.
  case exactCapacity = "ExactCapacity"
  /// So many per cent of the current capacity more, or fewer when negative.
  case percentChangeInCapacity = "PercentChangeInCapacity"
}
