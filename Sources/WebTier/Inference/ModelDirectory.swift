import EventLoop
import Jobs

/// The models that this process knows of: those it has been told at its start, and those that have answered here.
///
/// The workers have the models, and other workers may have others tomorrow. So a name that is not known is no reason to
/// refuse an image: the worker that gets the job says whether there is such a model.
@LoopActor
final class ModelDirectory {
  private let limits: WebLimits
  /// The versions that have answered, the latest last.
  private var versions: [ModelName: [String]] = [:]

  init(listed: [ModelName], limits: WebLimits) {
    self.limits = limits
    for name in listed { versions[name] = [] }
  }

  /// - Returns: `nil` when the model is not known; nothing when it is, and has not answered or has no version.
  func versions(of name: ModelName) -> [String]? { versions[name] }

  func contains(_ name: ModelName, version: String?) -> Bool {
    guard let known = versions[name] else { return false }
    return version.map(known.contains) ?? true
  }

  /// A model has answered.
  func learn(_ name: ModelName, version: String?) {
    guard versions[name] != nil || versions.count < limits.knownModelCountMax else { return }
    var known = versions[name] ?? []
    if let version, known.last != version {
      known.removeAll { $0 == version }
      known.append(version)
      if known.count > limits.knownModelVersionCountMax { known.removeFirst() }
    }
    versions[name] = known
  }
}
