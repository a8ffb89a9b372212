package import Foundation

extension ElasticityPolicy {
  /// The canonical form: keys sorted, two spaces, durations in seconds, names and units otherwise as AWS has them.
  package var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a policy has a number that is none") }
    return String(decoding: data, as: UTF8.self)
  }

  /// - Throws: ``PolicyError`` that says which key is missing or wrong, or what AWS would refuse.
  package init(json: Data) throws(PolicyError) {
    do {
      self = try JSONDecoder().decode(ElasticityPolicy.self, from: json)
    } catch let error as DecodingError {
      throw PolicyError(error)
    } catch {
      throw PolicyError("", "The policy cannot be read: \(error).")
    }
    try validate()
  }
}

extension PolicyError {
  fileprivate init(_ error: DecodingError) {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined()
    }
    switch error {
    case .keyNotFound(let key, let context):
      self.init("", "The policy has no '\(path(context)).\(key.stringValue)'.")
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      self.init("", "The policy's '\(path(context))' has another type of value than expected.")
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
      self.init("", "The policy is not JSON.")
    case .dataCorrupted(let context):
      self.init("", "The policy's '\(path(context))' has an unknown value.")
    @unknown default:
      self.init("", "The policy cannot be read.")
    }
  }
}

// Durations are encoded as seconds, which people write and CloudFormation has.

extension MetricAlarm: Codable {
  private enum Key: String, CodingKey {
    case name, metric, statistic, comparison, threshold, period, evaluationPeriods, datapointsToAlarm, missingData
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    self.init(
      name: try container.decode(String.self, forKey: .name),
      metric: try container.decode(Metric.self, forKey: .metric),
      statistic: try container.decode(Statistic.self, forKey: .statistic),
      comparison: try container.decode(Comparison.self, forKey: .comparison),
      threshold: try container.decode(Double.self, forKey: .threshold),
      period: try container.decodeSeconds(forKey: .period),
      evaluationPeriods: try container.decode(Int.self, forKey: .evaluationPeriods),
      datapointsToAlarm: try container.decode(Int.self, forKey: .datapointsToAlarm),
      missingData: try container.decode(MissingData.self, forKey: .missingData))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(metric, forKey: .metric)
    try container.encode(statistic, forKey: .statistic)
    try container.encode(comparison, forKey: .comparison)
    try container.encode(threshold, forKey: .threshold)
    try container.encode(period.inSeconds, forKey: .period)
    try container.encode(evaluationPeriods, forKey: .evaluationPeriods)
    try container.encode(datapointsToAlarm, forKey: .datapointsToAlarm)
    try container.encode(missingData, forKey: .missingData)
  }
}

extension StepScalingPolicy: Codable {
  private enum Key: String, CodingKey {
    case name, adjustmentType, steps, minAdjustmentMagnitude, cooldown, estimatedInstanceWarmup
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    self.init(
      name: try container.decode(String.self, forKey: .name),
      adjustmentType: try container.decode(AdjustmentType.self, forKey: .adjustmentType),
      steps: try container.decode([StepAdjustment].self, forKey: .steps),
      minAdjustmentMagnitude: try container.decodeIfPresent(Int.self, forKey: .minAdjustmentMagnitude),
      cooldown: container.contains(.cooldown) ? try container.decodeSeconds(forKey: .cooldown) : nil,
      estimatedInstanceWarmup: try container.decodeSeconds(forKey: .estimatedInstanceWarmup))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(adjustmentType, forKey: .adjustmentType)
    try container.encode(steps, forKey: .steps)
    try container.encodeIfPresent(minAdjustmentMagnitude, forKey: .minAdjustmentMagnitude)
    try container.encodeIfPresent(cooldown?.inSeconds, forKey: .cooldown)
    try container.encode(estimatedInstanceWarmup.inSeconds, forKey: .estimatedInstanceWarmup)
  }
}

extension KeyedDecodingContainer {
  fileprivate func decodeSeconds(forKey key: Key) throws -> Duration {
    let seconds = try decode(Double.self, forKey: key)
    // Beyond any use and within what a Duration holds.
    guard seconds.magnitude <= 1e9 else {
      throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "too long")
    }
    return .seconds(seconds)
  }
}

extension Duration {
  /// As a number, for arithmetic and for JSON.
  package var inSeconds: Double { self / .seconds(1) }
}
