/// What an alarm makes of the capacity of a group.
///
/// `AWS::AutoScaling::ScalingPolicy`, of type `StepScaling`, or `SimpleScaling` when it has a ``cooldown``.
/// Source: Amazon EC2 Auto Scaling User Guide, "Step and simple scaling policies".
package struct StepScalingPolicy: Sendable, Equatable {
  package var name: String
  package var adjustmentType: AdjustmentType
  /// In the order of their bounds.
  package var steps: [StepAdjustment]
  /// With ``AdjustmentType/percentChangeInCapacity``: at least so many instances are added or removed.
  package var minAdjustmentMagnitude: Int?
  /// Makes this a simple policy, with one step: after any scaling activity it waits so long before it acts again.
  /// `nil` is a step policy, which acts at any time: AWS gives step policies a warm-up and no cooldown.
  package var cooldown: Duration?
  /// How long an instance in service is not yet counted as capacity when the group scales out.
  package var estimatedInstanceWarmup: Duration

  package init(
    name: String, adjustmentType: AdjustmentType, steps: [StepAdjustment], minAdjustmentMagnitude: Int? = nil,
    cooldown: Duration? = nil, estimatedInstanceWarmup: Duration = .zero
  ) {
    self.name = name
    self.adjustmentType = adjustmentType
    self.steps = steps
    self.minAdjustmentMagnitude = minAdjustmentMagnitude
    self.cooldown = cooldown
    self.estimatedInstanceWarmup = estimatedInstanceWarmup
  }

  /// The capacity that a breach asks for, before the group's bounds.
  /// - Parameters:
  ///   - breach: The metric less the threshold.
  ///   - isAbove: See ``StepAdjustment/contains(breach:isAbove:)``.
  ///   - current: The capacity to begin from, in instances.
  /// - Returns: `nil` when no step is meant.
  func capacity(breach: Double, isAbove: Bool, current: Int) -> Int? {
    guard let step = steps.first(where: { $0.contains(breach: breach, isAbove: isAbove) }) else { return nil }
    switch adjustmentType {
    case .changeInCapacity: return current + step.adjustment
    case .exactCapacity: return step.adjustment
    case .percentChangeInCapacity: return current + change(percent: step.adjustment, of: current)
    }
  }

  /// Toward zero, but not to it: "values between 0 and 1 are rounded to 1".
  private func change(percent: Int, of current: Int) -> Int {
    let exact = Double(current) * Double(percent) / 100
    guard exact != 0 else { return 0 }
    let magnitude = max(1, Int(exact.magnitude), minAdjustmentMagnitude ?? 0)
    return exact < 0 ? -magnitude : magnitude
  }

  // MARK: Rules

  /// - Throws: What `PutScalingPolicy` would refuse.
  func validate() throws(PolicyError) {
    guard !name.isEmpty else { throw PolicyError("A scaling policy", "has no name.") }
    try validateNumbers()
    try validateSteps()
  }

  private func validateNumbers() throws(PolicyError) {
    guard estimatedInstanceWarmup >= .zero else { throw refused("has a negative warm-up.") }
    if let cooldown {
      guard cooldown >= .zero else { throw refused("has a negative cooldown.") }
      guard steps.count == 1 else { throw refused("has a cooldown, and then it must have one step.") }
    }
    if let minAdjustmentMagnitude {
      guard adjustmentType == .percentChangeInCapacity else {
        throw refused("has a minimum magnitude, which only PercentChangeInCapacity may have.")
      }
      guard minAdjustmentMagnitude > 0 else { throw refused("has a minimum magnitude below 1.") }
    }
    for step in steps {
      guard step.adjustment.magnitude <= 100_000 else { throw refused("has an adjustment beyond 100 000.") }
      if adjustmentType == .exactCapacity, step.adjustment < 0 { throw refused("has a negative exact capacity.") }
    }
  }

  private func validateSteps() throws(PolicyError) {
    guard let first = steps.first, let last = steps.last else { throw refused("has no steps.") }
    for step in steps {
      if step.lowerBound == nil, step.upperBound == nil { throw refused("has a step without bounds.") }
      guard (step.lowerBound ?? 0).isFinite, (step.upperBound ?? 0).isFinite else {
        throw refused("has a bound that is no number.")
      }
      if let lower = step.lowerBound, let upper = step.upperBound, lower >= upper {
        throw refused("has a step whose lower bound is not below its upper.")
      }
    }
    for (step, next) in zip(steps, steps.dropFirst()) {
      guard let upper = step.upperBound, let lower = next.lowerBound else {
        throw refused("has a step that begins or ends at infinity between others.")
      }
      if upper < lower { throw refused("has a gap between its steps.") }
      if upper > lower { throw refused("has steps that overlap.") }
    }
    if let lowest = first.lowerBound, lowest < 0 { throw refused("has a negative lower bound and no step below it.") }
    if let highest = last.upperBound, highest > 0 { throw refused("has a positive upper bound and no step above it.") }
  }

  private func refused(_ reason: String) -> PolicyError { PolicyError("Scaling policy '\(name)'", reason) }
}
