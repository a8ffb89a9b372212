package import FoundationEssentials

/// What an EC2 instance is told of its own end.
package enum InstanceNotice: Sendable, Hashable {
  /// EC2 takes the spot instance back: will `terminate`, `stop` or `hibernate` it, at a time it need not name.
  case spotInterruption(action: String, at: Date?)
  /// The Auto Scaling group terminates it, when its lifecycle hooks let it.
  case terminated

  /// The notice a spot instance gets ("Spot Instance interruption notices", EC2 User Guide).
  static let spotNotice: Duration = .seconds(120)

  /// Reads `spot/instance-action`, `{"action": "terminate", "time": "2026-11-26T08:22:00Z"}`. What cannot be read is a notice
  /// all the same.
  init(spotAction document: String) {
    let read = try? JSONDecoder().decode(SpotAction.self, from: Data(document.utf8))
    let time = read?.time.flatMap { try? Date.ISO8601FormatStyle().parse($0) }
    self = .spotInterruption(action: read?.action ?? "interrupt", at: time)
  }

  private struct SpotAction: Decodable {
    var action: String?
    var time: String?
  }

  /// How long the instance can still be used; nil when nobody says.
  func remaining(at now: Date) -> Duration? {
    switch self {
    case .spotInterruption(_, let time?): min(max(.seconds(time.timeIntervalSince(now)), .zero), Self.spotNotice)
    case .spotInterruption(_, nil): Self.spotNotice
    case .terminated: nil
    }
  }
}

extension InstanceNotice: CustomStringConvertible {
  package var description: String {
    switch self {
    case .spotInterruption(let action, let time?):
      "EC2 will \(action) this spot instance at \(time.formatted(.iso8601))"
    case .spotInterruption(let action, nil): "EC2 will \(action) this spot instance"
    case .terminated: "the Auto Scaling group terminates this instance"
    }
  }
}
